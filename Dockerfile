# One pattern for every part of the platform. The context is the folder of its module, as it was built on this machine:
#
#   ./slipway images                                          everything
#   docker build --network none -f Dockerfile gateway         one, by hand
#
# What others have written comes first, since it changes seldom; then what is ours; then what the JVM has found out about both.
ARG JRE=eclipse-temurin:25-jre

FROM ${JRE} AS parts
COPY target/ /parts/
RUN mkdir -p /ours/lib \
    && mv /parts/lib/*dev.slipway.* /ours/lib/ \
    && mv /parts/*-runner.jar /ours/run.jar

FROM ${JRE}
SHELL ["bash", "-c"]
# The heap grows with the memory that the container may use, and replicas come and go under one name. Everything else is
# as `slipway up` starts it.
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/slipway /var/lib/slipway/data /var/lib/slipway/run \
    && install -d /opt/slipway \
    && printf '%s\n' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss512k -XX:MaxRAMPercentage=30 -XX:+ExitOnOutOfMemoryError -Djdk.virtualThreadScheduler.parallelism=8 \
       -Dsun.net.inetaddr.ttl=1 -Dsun.net.inetaddr.negative.ttl=0 --add-opens=java.base/java.lang=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED \
       > /opt/slipway/java.options
WORKDIR /opt/slipway
COPY --from=parts /parts/lib lib
COPY --from=parts /ours .
# A first run, with nothing around it, until it listens or ends. What the JVM writes down then, every later start is spared.
RUN mkdir /tmp/first; \
    SLIPWAY_HOME=/tmp/first SLIPWAY_DRIVER=docker SLIPWAY_PUBLIC_URL=https://localhost:8443 \
    SLIPWAY_ACCOUNT_URL=http://127.0.0.1:1 SLIPWAY_INSTANCE_URL=http://127.0.0.1:1 SLIPWAY_DEPLOY_URL=http://127.0.0.1:1 \
    QUARKUS_FLYWAY_MIGRATE_AT_START=false QUARKUS_DATASOURCE_JDBC_URL=jdbc:postgresql://127.0.0.1:1/none \
    KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1 QUARKUS_HTTP_PORT=8080 \
      java @java.options -XX:AOTCacheOutput=run.aot -jar run.jar > /tmp/first.log 2>&1 & \
    for _ in {1..1200}; do \
      kill -0 $! 2> /dev/null || break; \
      { exec 3<> /dev/tcp/127.0.0.1/8080; } 2> /dev/null && break; \
      sleep 0.1; \
    done; \
    kill $! 2> /dev/null; wait $!; tail -n 3 /tmp/first.log; rm -rf /tmp/first /tmp/first.log run.aot.config; test -s run.aot
USER 10001:10001
ENV SLIPWAY_HOME=/var/lib/slipway
# A cache that does not fit the machine is passed over in silence.
ENTRYPOINT ["java", "@/opt/slipway/java.options", "-XX:AOTCache=/opt/slipway/run.aot", "-Xlog:aot=off,aot*=off,cds=off,cds*=off,class+path=off", "-jar", "/opt/slipway/run.jar"]
