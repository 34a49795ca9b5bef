const loaded = require('ical.js')
const { serve } = require('../checks')

const ICAL = loaded.default ?? loaded

const TEXT = 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Chá\r\nDTSTART:20260310T120000Z\r\nDTEND:20260310T130000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEND:VEVENT\r\nEND:VCALENDAR'
const event = () => new ICAL.Event(new ICAL.Component(ICAL.parse(TEXT)).getFirstSubcomponent('vevent'))
serve({
  checks: {
    parse: () => [event().summary, event().startDate.toJSDate(), event().duration.toString()],
    recur: () => { const turns = event().iterator(); const found = []; for (let next; (next = turns.next());) found.push(next.toString()); return found },
    write: () => new ICAL.Component(ICAL.parse(TEXT)).toString().split('\r\n').length,
  },
})
