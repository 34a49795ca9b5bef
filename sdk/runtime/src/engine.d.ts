/**
 * What the engine (sdk/engine, in C) gives the runtime.
 *
 * The engine puts it at `globalThis.__engine` before it runs the runtime; the
 * runtime takes it and deletes the global, so that bots never see it.
 */

/** A readable or writable byte stream that the engine holds. */
type Stream = number

/** Names and values in turn, case kept: `['content-type', 'text/plain']`. */
type FlatHeaders = string[]

interface Engine {
  // Clocks and entropy. Never cached: an image outlives the moment it was made.
  /** Milliseconds since 1970, with a fraction. */
  now(): number
  /** Milliseconds since an unknown moment, with a fraction; never goes back. */
  monotonic(): number
  /** Fills the array from the host's generator. */
  random(target: Uint8Array): void

  /** Makes a zone of the IANA, or an offset like `+05:30`, the one that dates are in; an empty name is UTC, as at first. */
  timeZone(name: string): void

  // The job queue.
  /** Runs promise jobs until none is left. An exception in a job goes to `onuncaught`. */
  runJobs(): void
  /**
   * Sets the one alarm, in milliseconds from now; -1 clears it. `onturn` is
   * called when it rings. With `holds`, the event does not end before it rang.
   * An alarm that does not hold is cleared when the event ends. One of 0 lets the host
   * deliver what is there before the next turn.
   */
  alarm(ms: number, holds: boolean): void
  /** Keeps the event from ending (+1) or lets it end (-1), for work only the runtime knows of. */
  hold(change: 1 | -1): void

  // Host functions, as in wit/.
  /** `roost:bot/database.query` and so on; the index is what `call` takes. Resource methods: `roost:bot/database.[method]transaction.query`, drops: `roost:bot/database.[drop]transaction`. */
  functions: string[]
  /**
   * Calls a host function. An async one gives a promise. `result<T, E>` gives T
   * or throws (rejects with) an object `{ payload: E }`.
   *
   * Records are objects with camelCase keys; variants `{ tag, val }` with the
   * WIT case name (`'rate-limited'`) as tag; enums are strings; options are the
   * value or undefined; tuples are arrays; `list<u8>` is a Uint8Array; s64 and
   * u64 are BigInt out, BigInt or number in; resources are numbers.
   */
  call(index: number, args: unknown[]): unknown

  // HTTP in.
  /** Set by the runtime. Called for each request; `id` names it in `respond`. */
  onrequest: (id: number, method: string, scheme: string | undefined, authority: string | undefined,
              pathWithQuery: string, headers: FlatHeaders, body: Stream) => void
  /**
   * Answers; with `hasBody` gives the stream to write, which must be closed: when it is open at the event's
   * end, it breaks off and the event has failed. Once per request.
   */
  respond(id: number, status: number, headers: FlatHeaders, hasBody: boolean): Stream | undefined

  // HTTP out.
  /** Starts a request. `body` is the stream to write, when `hasBody`; it must be closed. Rejects with `{ payload: { tag, val } }` of wasi:http's error-code. */
  request(method: string, scheme: 'http' | 'https', authority: string, pathWithQuery: string,
          headers: FlatHeaders, hasBody: boolean):
    { id: number, body: Stream | undefined, response: Promise<{ status: number, headers: FlatHeaders, body: Stream }> }
  /** Takes a request back that has no answer yet: the host closes its connection, and the answer's promise is rejected. */
  giveUp(id: number): void

  // Streams.
  /** Up to `max` bytes; null at the end. One read at a time. Rejects, as `request` does, when the body broke off. */
  read(stream: Stream, max: number): Promise<Uint8Array | null>
  /** Resolves when all bytes are taken: false when the reader has gone. One write at a time; the bytes are copied at once. */
  write(stream: Stream, bytes: Uint8Array): Promise<boolean>
  /** Ends a stream one writes, or with `broken` breaks it off; gives up one that one reads. */
  close(stream: Stream, broken?: boolean): void

  // Text and bytes, fast.
  utf8Encode(text: string): Uint8Array
  /** Malformed input gives U+FFFD, or with `fatal` a TypeError. A BOM is kept. */
  utf8Decode(bytes: Uint8Array, fatal: boolean): string
  latin1Decode(bytes: Uint8Array): string
  latin1Encode(text: string): Uint8Array
  base64Encode(bytes: Uint8Array, url: boolean): string
  /** Lenient, as Node: both alphabets, padding optional, stops at the first `=`, skips the rest. */
  base64Decode(text: string): Uint8Array
  hexEncode(bytes: Uint8Array): string
  /** Lenient, as Node: stops at the first pair that is not hex. */
  hexDecode(text: string): Uint8Array
  /** `-1`, or where `needle` begins at or after `from`. */
  indexOf(haystack: Uint8Array, needle: Uint8Array, from: number): number
  /** Whether they are as long and the same, in a time that does not say where they differ. */
  sameBytes(one: Uint8Array, other: Uint8Array): boolean

  // Code.
  /**
   * Runs the bundle that `compile` left, once. A classic script gives its completion value; a module gives
   * a promise of its top level's end, and its namespace. A module's imports go to `onimport`.
   */
  evalBundle(): unknown | [Promise<void>, object]
  /** Set by the runtime: gives the exports of a module (`default` and named) as an object, or throws. */
  onimport: (specifier: string) => Record<string, unknown>
  /** The frame that AsyncLocalStorage hangs on; jobs carry it. */
  getAsyncContext(): unknown
  setAsyncContext(frame: unknown): void
  /** Whether the value is a Proxy. */
  isProxy(value: unknown): boolean
  /** [state, result]: 'pending' | 'fulfilled' | 'rejected'. */
  promiseState(promise: Promise<unknown>): [string, unknown]
  gc(): void
  /** Bytes the JS heap holds, its limit, and whether an allocation was refused. */
  memory(): { used: number, limit: number, ranOut: boolean }

  // Set by the runtime.
  /** Called after everything that the engine delivered: drain nextTicks, jobs, immediates, due timers; set the alarm. */
  onturn: () => void
  /** A promise was rejected without a handler (handled = false), or got one later (true). */
  onrejection: (promise: Promise<unknown>, reason: unknown, handled: boolean) => void
  /** An exception came out of a callback or a job. */
  onuncaught: (error: unknown) => void
  /** Image making: see sdk/engine/wit/engine.wit. Gives what is put before and after the bundle's text, its name, and whether it is a module. */
  oncompile: (options: string) => [before: string, after: string, file: string, isModule: boolean]
  /** Gives an exception of compiling as JSON. */
  onbroken: (error: unknown) => string
  onboot: (files: string[], options: string) => Promise<string>
  /** An event begins (its first turn follows), or has ended. */
  onevent: (phase: 'begin' | 'end') => void
}

declare const __engine: Engine
