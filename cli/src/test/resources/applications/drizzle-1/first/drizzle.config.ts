// As the SDK's own templates of the time do it: where the database is, the configuration says.
import { parseConfigFile } from '@dbos-inc/dbos-sdk';
import { defineConfig } from 'drizzle-kit';

const [configuration] = parseConfigFile();
const { poolConfig } = configuration;

export default defineConfig({
  dialect: 'postgresql',
  out: './drizzle',
  schema: './src/schema.ts',
  dbCredentials: {
    host: poolConfig.host!,
    port: poolConfig.port,
    user: poolConfig.user,
    password: poolConfig.password as string,
    database: poolConfig.database!,
    ssl: poolConfig.ssl,
  },
});
