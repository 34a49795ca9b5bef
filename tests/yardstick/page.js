// docs/packages.md, written from what was measured.

/** The page. `measured` has a result for each package, `apart` what is counted apart, `node` the version of the other side. */
export function page(measured, apart, node) {
  const checks = measured.flatMap((result) => result.checks)
  const rest = checks.filter(({ needs }) => !needs)
  const equal = (of) => of.filter((check) => check.equal).length
  const rows = measured.map((result) => `| ${cell(result.version ?? result.name)} | ${verdict(result)} | ${equal(result.checks)}/${result.checks.length} | ${cell(why(result))} |`)
  const parts = apart.map((what) => checks.filter(({ needs }) => needs === what)).map((of, n) => `| ${apart[n]} | ${of.length} | ${equal(of)} |`)
  return `# npm packages on Roost

Written by \`cargo xtask packages\`: each package is called on Node ${node} and in the \`roost\` binary, and what it gives is compared check by check. What it calls outside goes over
TLS to a peer on the same machine. The checks are in [guests/packages](../guests/packages/README.md).

${checks.length} checks of ${measured.length} packages, ${equal(checks)} equal. What no host of Roost has yet is counted apart:

| what a check needs | checks | equal |
|---|---|---|
${parts.join('\n')}
| nothing of these | ${rest.length} | ${equal(rest)} (${((100 * equal(rest)) / rest.length).toFixed(1)} %) |

*Works*: every check is as on Node. *Works except*: those named differ. *Does not work*: none is equal, or it is not deployed.

| package | | checks | what differs |
|---|---|---|---|
${rows.join('\n')}
`
}

function verdict({ checks, failure, broken }) {
  if (failure || broken) return 'does not work'
  const equal = checks.filter((check) => check.equal).length
  if (equal === checks.length) return 'works'
  return equal ? 'works except' : 'does not work'
}

function why({ checks, failure, broken }) {
  if (broken) return 'it could not be measured'
  if (failure) return firstError(failure)
  const differing = checks.filter(({ equal }) => !equal)
  return differing.map(({ check, needs, roost }) => `${check}${needs ? ` (needs ${needs})` : ''}${message(roost)}`).join('; ')
}

/** What a check failed with, where it failed. */
function message(result) {
  const text = result?.error?.message ?? result?.value?.failed?.message ?? (result?.broken && 'the run ended without an answer')
  return text ? `: ${text.split('\n')[0].slice(0, 120)}` : ''
}

function firstError(text) {
  const line = text.split('\n').find((line) => /error|failed|cannot|not/i.test(line)) ?? text
  return line.replace(/^\s*error:\s*/, '').slice(0, 200)
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replace(/\s+/g, ' ')
