package dev.slipway.gateway.exchange;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/// Closes a connection of HTTP/1.1 on which requests come faster than they are answered. Vert.x
/// keeps all that were read before their turn, however many, which a single sender could use to end
/// the gateway; hardly any client sends a second one before it has the first answer.
///
/// A connection of HTTP/2 has a limit to its streams instead, and no such messages here.
final class Pipelining extends ChannelDuplexHandler {

  private static final int MOST = 16;

  private final HttpConnection connection;
  private int unanswered;

  private Pipelining(HttpConnection connection) {
    this.connection = connection;
  }

  static void limit(HttpConnection connection) {
    ChannelHandlerContext context = ((ConnectionBase) connection).channelHandlerContext();
    context.pipeline().addBefore(context.name(), "pipelining", new Pipelining(connection));
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    if (message instanceof HttpRequest) {
      unanswered++;
    }
    if (unanswered > MOST) {
      ReferenceCountUtil.release(message);
      connection.close();
      return;
    }
    super.channelRead(context, message);
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
      throws Exception {
    boolean interim =
        message instanceof HttpResponse response
            && response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
    if (message instanceof LastHttpContent && !interim) {
      unanswered--;
    }
    super.write(context, message, promise);
  }
}
