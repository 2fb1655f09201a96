// As the SDK's own templates of the time do it: where the database is, the configuration says.
const { parseConfigFile } = require('@dbos-inc/dbos-sdk');
const [configuration] = parseConfigFile();
const { poolConfig } = configuration;

module.exports = {
  client: 'pg',
  connection: {
    host: poolConfig.host,
    port: poolConfig.port,
    user: poolConfig.user,
    password: poolConfig.password,
    database: poolConfig.database,
    ssl: poolConfig.ssl,
  },
  migrations: { directory: './migrations' },
};
