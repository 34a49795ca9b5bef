/** What the old URL parser of npm takes from the package `qs`: queries as `node:querystring` has them. */
import { parse, stringify } from './querystring.js'

/** `options` are those of `qs`; `node:querystring` would take them for its separator. */
export default { parse: (text) => parse(text), stringify: (query) => stringify(query) }
