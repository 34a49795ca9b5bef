/** What the host keeps of each contact's conversation. */

export function makeConversations(call) {
  return {
    async get(contact) { return call('conversations.get', contact) },
    async setState(contact, state) { return call('conversations.set-state', contact, state) },
    async clearState(contact) { return call('conversations.clear-state', contact) },
  }
}
