export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'sticker'

/** What a customer sent. */
export interface Medium {
  /** Meta's id of it. */
  id: string
  kind: MediaKind
  mimeType?: string
  /** As its sender called it. */
  filename?: string
  /** In hexadecimal. */
  sha256?: string
  /** In bytes, once it is here. */
  size?: number
  /** Whether the host has it. */
  isHere: boolean
  /** Why it will not come, and what to do. */
  told?: string
  /** Of the message that it came with. */
  messageId: string
}

/** A file that Meta has. */
export interface UploadedMedia {
  /** For messages: `whatsapp.sendImage(to, { id })`. */
  id: string
  kind: MediaKind
  mimeType: string
  sha256: string
  size: number
  /** Until when Meta has it. */
  expiresAt: Date
  /** Meta had it already: the same file is uploaded once in thirty days. */
  wasThere: boolean
}

/** A medium: Meta's id of it, or a message that carries one. */
export type MediumName = string | { id: string } | { type: string, [member: string]: any }

/** A file: bytes, a Blob or File, a stream of any kind, an https address, or the path of a file that the bot was deployed with. */
export type MediaFile =
  | Uint8Array | ArrayBuffer | Blob | URL | string
  | AsyncIterable<Uint8Array | string> | Iterable<Uint8Array> | Response

export interface UploadOptions {
  /** Its type; without it, it is known by its first bytes and its name. */
  type?: string
  filename?: string
  /** What it is to be in a message: an error with the code `unfit` says when Meta takes no such file there. */
  kind?: MediaKind
}

export interface Media {
  /** What a customer sent, and whether the host has it. */
  get(medium: MediumName): Promise<Medium>
  /** All of it. The host fetches what customers send as it comes; of what it does not keep, Meta is asked. */
  read(medium: MediumName): Promise<Buffer>
  /** The same piece by piece, for what does not fit into the bot's memory. */
  stream(medium: MediumName): AsyncGenerator<Uint8Array, void>
  /** Uploads a file to Meta, for messages of the project's number. */
  upload(file: MediaFile, options?: UploadOptions): Promise<UploadedMedia>
  /** Uploads a sample for the header of a template, or a photo for the profile, and gives Meta's handle of it. */
  uploadSample(file: Exclude<MediaFile, URL>, options?: UploadOptions): Promise<string>
  /** Deletes it here and at Meta. */
  delete(medium: MediumName): Promise<void>
}
