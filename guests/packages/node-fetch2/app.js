const fetch = require('node-fetch2')
const { serve } = require('../checks')

serve({ checks: require('../fetching')(fetch, { Headers: fetch.Headers, Request: fetch.Request, FormData: require('form-data') }) })
