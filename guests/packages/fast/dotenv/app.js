const dotenv = require('dotenv')
const fs = require('node:fs')
const { serve } = require('../../checks')

serve({
  checks: {
    parse: () => dotenv.parse('A=1\n# no\nB="two words"\nexport C=\'$x\'\nD=multi # comment\nE="a\\nb"\nF=\n'),
    config: () => { fs.writeFileSync('/tmp/.env-check', 'CHECK_A=from a file\n'); const { parsed } = dotenv.config({ path: '/tmp/.env-check', quiet: true }); return [parsed, process.env.CHECK_A] },
    keeps: () => { process.env.CHECK_B = 'old'; fs.writeFileSync('/tmp/.env-check', 'CHECK_B=new\n'); const kept = dotenv.config({ path: '/tmp/.env-check', quiet: true }) && process.env.CHECK_B; dotenv.config({ path: '/tmp/.env-check', override: true, quiet: true }); return [kept, process.env.CHECK_B] },
    missing: () => dotenv.config({ path: '/tmp/none', quiet: true }).error.code,
    populate: () => { const target = {}; dotenv.populate(target, { A: '1' }); return target },
  },
})
