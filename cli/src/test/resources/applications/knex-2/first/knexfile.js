// As the SDK's own templates of the time do it: where the database is, the configuration says.
const { parseConfigFile } = require('@dbos-inc/dbos-sdk');
const [configuration] = parseConfigFile();

module.exports = {
  client: 'pg',
  connection: configuration.poolConfig,
  migrations: { directory: './migrations' },
};
