const { google } = require('googleapis')
const { serve } = require('../checks')

serve({
  checks: {
    apis: () => ['sheets', 'calendar', 'drive', 'gmail', 'youtube'].map((name) => typeof google[name]),
    calendar: () => google.calendar({ version: 'v3', auth: 'key' }).events.list({ calendarId: 'primary', maxResults: 1 }).then(({ data }) => data),
    authUrl: () => new google.auth.OAuth2('id', 'secret', 'https://a.example/back').generateAuthUrl({ access_type: 'offline', scope: ['a', 'b'] }),
  },
})
