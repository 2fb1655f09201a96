module.exports = {
  dialect: 'postgresql',
  out: './drizzle',
  schema: './schema.js',
  dbCredentials: { url: process.env.DBOS_DATABASE_URL },
};
