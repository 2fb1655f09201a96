// Where the database is, for the migrations and for the application: the platform says so. Without it, the server on
// this machine that psql would take.
export default {
  client: 'pg',
  connection: process.env.DBOS_DATABASE_URL || process.env.DATABASE_URL || {},
  migrations: { directory: './migrations', extension: 'js' },
  pool: { min: 0, max: 5 },
};
