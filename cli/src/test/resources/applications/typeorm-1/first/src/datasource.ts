// As the SDK's own templates of the time do it: where the database is, the configuration says.
import { parseConfigFile } from '@dbos-inc/dbos-sdk';
import { DataSource } from 'typeorm';
import { Note } from './note';

const [configuration] = parseConfigFile();
const { poolConfig } = configuration;

export default new DataSource({
  type: 'postgres',
  host: poolConfig.host,
  port: poolConfig.port,
  username: poolConfig.user,
  password: poolConfig.password as string,
  database: poolConfig.database,
  ssl: poolConfig.ssl,
  entities: [Note],
  migrations: ['dist/migrations/*.js'],
});
