/** The project's templates: what Meta approved, sent by name. */
import { templateFilling } from '../filling.js'

export function makeTemplates(call) {
  return {
    async list() {
      const all = await call('templates.list')
      return all.map(({ components, ...template }) => ({ ...template, components: JSON.parse(components) }))
    },
    async send(to, name, values) { return call('templates.send', templateFilling(to, name, values)) },
  }
}
