/** What the host keeps of each contact's conversation, and the people who look after it. */

const date = (seconds) => (seconds === undefined ? undefined : new Date(Number(seconds) * 1000))

function overview({ windowClosesSeconds, taken, ...rest }) {
  const windowClosesAt = date(windowClosesSeconds)
  return {
    ...rest,
    taken: taken && { since: date(taken.sinceSeconds), by: taken.by, reason: taken.reason },
    windowClosesAt,
    isWindowOpen: windowClosesAt !== undefined && windowClosesAt > new Date(),
  }
}

export function makeConversations(call) {
  return {
    async get(contact) { return call('conversations.get', contact) },
    async setState(contact, state) { return call('conversations.set-state', contact, state) },
    async clearState(contact) { return call('conversations.clear-state', contact) },
    async overview(contact) { return overview(await call('conversations.overview-of', contact)) },
    async handOff(contact, reason) { return call('conversations.hand-off', contact, reason) },
    async release(contact) { return call('conversations.release', contact) },
    async assign(contact, assignee) { return call('conversations.assign', contact, assignee ?? undefined) },
    async addLabel(contact, label) { return call('conversations.add-label', contact, label) },
    async removeLabel(contact, label) { return call('conversations.remove-label', contact, label) },
    async addNote(contact, text) { return call('conversations.add-note', contact, text) },
    async resolve(contact) { return call('conversations.resolve', contact) },
    async optIn(contact, source) { return call('conversations.set-consent', contact, 'opted-in', source) },
    async optOut(contact, source) { return call('conversations.set-consent', contact, 'opted-out', source) },
  }
}
