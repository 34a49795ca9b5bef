const schedule = require('node-schedule')
const { serve } = require('../checks')

serve({
  checks: {
    date: () => new Promise((done) => { schedule.scheduleJob(new Date(Date.now() + 1200), () => done('ran')) }),
    cron: () => new Promise((done) => { const job = schedule.scheduleJob('* * * * * *', () => { job.cancel(); done('ran') }) }),
    rule: () => { const rule = new schedule.RecurrenceRule(); rule.hour = 9; rule.minute = 0; rule.tz = 'UTC'; const job = schedule.scheduleJob(rule, () => {}); const next = job.nextInvocation().toISOString().slice(11, 16); job.cancel(); return next },
    cancel: () => { const job = schedule.scheduleJob('x', '0 0 1 1 *', () => {}); return [job.name, job.cancel(), Object.keys(schedule.scheduledJobs)] },
  },
})
