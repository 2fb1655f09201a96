class Notes1767225600000 {
  async up(runner) {
    await runner.query('create table notes (id serial primary key, text text not null)');
    await runner.query("insert into notes (text) values ('from a migration')");
  }

  async down(runner) {
    await runner.query('drop table notes');
  }
}

module.exports = { Notes1767225600000 };
