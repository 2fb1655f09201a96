class Mood1767225700000 {
  async up(runner) {
    await runner.query("alter table notes add mood text not null default 'cheerful'");
  }

  async down(runner) {
    await runner.query('alter table notes drop mood');
  }
}

module.exports = { Mood1767225700000 };
