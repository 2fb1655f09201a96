const { DataSource } = require('typeorm');

module.exports = new DataSource({
  type: 'postgres',
  url: process.env.DBOS_DATABASE_URL,
  migrations: ['migrations/*.js'],
});
