/** What changes `from` into `to`, for whoever merges objects; undefined where nothing does. */
export function difference(to, from) {
  if (!isObject(to) || !isObject(from)) return JSON.stringify(to) === JSON.stringify(from) ? undefined : to
  const changes = {}
  for (const [name, value] of Object.entries(to)) {
    // What is new is merged with nothing, so that nothing of it may be missing.
    const change = name in from ? difference(value, from[name]) : value
    if (change !== undefined) changes[name] = change
  }
  for (const name of Object.keys(from)) if (!(name in to)) changes[name] = null
  return Object.keys(changes).length === 0 ? undefined : changes
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
