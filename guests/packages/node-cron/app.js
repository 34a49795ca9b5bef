const cron = require('node-cron')
const { failure, serve } = require('../checks')

serve({
  checks: {
    validate: () => ['* * * * *', '*/5 * * * * *', '61 * * * *', 'x'].map((text) => cron.validate(text)),
    schedule: () => new Promise((done) => { const task = cron.schedule('* * * * * *', () => { task.stop(); done('ran') }) }),
    zone: () => { const task = cron.schedule('0 9 * * *', () => {}, { timezone: 'America/Sao_Paulo' }); task.stop(); return 'made' },
    invalid: () => failure(() => cron.schedule('x', () => {})).then(({ failed }) => failed.name),
  },
})
