const schedule = require('node-schedule')
const { needs, serve } = require('../checks')

serve({
  checks: {
    date: needs('Intl', () => new Promise((done) => { schedule.scheduleJob(new Date(Date.now() + 1200), () => done('ran')) })),
    cron: needs('Intl', () => new Promise((done) => { const job = schedule.scheduleJob('* * * * * *', () => { job.cancel(); done('ran') }) })),
    rule: needs('Intl', () => { const rule = new schedule.RecurrenceRule(); rule.hour = 9; rule.minute = 0; rule.tz = 'UTC'; const job = schedule.scheduleJob(rule, () => {}); const next = job.nextInvocation().toISOString().slice(11, 16); job.cancel(); return next }),
    cancel: needs('Intl', () => { const job = schedule.scheduleJob('x', '0 0 1 1 *', () => {}); return [job.name, job.cancel(), Object.keys(schedule.scheduledJobs)] }),
  },
})
