/** What the runtime is doing: making an image, handling an event, or neither. */

export const phase = {
  /** @type {'boot' | 'event' | 'idle'} */
  now: 'idle',
  /** Whether host calls made now must wait for the first event, because an image is being made without them. */
  parking: false,
  /** Whether the event is the host's own request before an image is made: see `host/sandbox/rehearsal.rs`. */
  rehearsing: false,
  /** How many events have begun: what belongs to one event must not be used in the next. */
  event: 0,
}
