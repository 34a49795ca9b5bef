/* Made by `cargo xtask messages` of wit/messages.json: change that. */

/** Something that went out. */
export interface Sent {
  /** Meta's id of the message (`wamid.…`); statuses carry it. */
  messageId: string
  /** The recipient's WhatsApp id, when Meta named it. */
  waId?: string
}

export interface ReplyOptions {
  /** The id of a message to quote. */
  replyTo?: string
}

/** Where media comes from. */
export type MediaSource = string | { id: string } | { link: string }

/** What stands above an interactive message. */
export type Header = string | { text: string } | { image: MediaSource } | { video: MediaSource } | { document: MediaSource }

/** A reply button. */
export type Button = string | {
  /** Comes back when it is tapped. At most 256 characters. */
  id: string
  /** What people see. At most 20 characters. */
  title: string
}

/** A row of a list. */
export interface ListRow {
  /** Comes back when it is chosen. At most 200 characters. */
  id: string
  /** What people see. At most 24 characters. */
  title: string
  /** A second line. At most 72 characters. */
  description?: string
}

/** A group of rows. */
export interface ListSection {
  /** Needed when there is more than one section. At most 24 characters. */
  title?: string
  /** Ten rows at most in all sections together. */
  rows: ListRow[]
}

/** Kinds of media. */
export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'sticker'

/** One parameter of a template. */
export type TemplateParameter = string | number | Record<string, unknown>

/** One part of a template that takes parameters. */
export interface TemplateComponent {
  /** `header`, `body` or `button`; and what else Meta has. */
  type: string
  /** For a button: `quick_reply`, `url`, `copy_code`, `flow` and so on. */
  sub_type?: string
  /** For a button: its place, from 0. */
  index?: number
  /** The parameters, in order. */
  parameters?: TemplateParameter[]
}

/** One card of a template's carousel. */
export interface TemplateCard {
  /** The card's parts that take parameters: its header, its body, its buttons. 1 to 10. */
  components: TemplateComponent[]
}

/** A name on a contact card. Besides the whole of it, Meta wants one of its parts. */
export type ContactName = string | {
  /** The whole name, as people see it. */
  formattedName: string
  /** The first name. */
  firstName?: string
  /** The last name. */
  lastName?: string
  /** The middle name. */
  middleName?: string
  /** For instance `Jr.`. */
  suffix?: string
  /** For instance `Dr.`. */
  prefix?: string
}

/** A phone number on a contact card. */
export type ContactPhone = string | {
  /** The number, as people see it. */
  phone?: string
  /** For instance `CELL`, `HOME` or `WORK`. */
  type?: string
  /** The WhatsApp id: with it the card has a button to write to them. */
  waId?: string
}

/** An email address on a contact card. */
export type ContactEmail = string | {
  /** The address. */
  email?: string
  /** For instance `HOME` or `WORK`. */
  type?: string
}

/** A web address on a contact card. */
export type ContactUrl = string | {
  /** The address. */
  url?: string
  /** For instance `HOME` or `WORK`. */
  type?: string
}

/** A postal address on a contact card. */
export interface ContactAddress {
  /** Street and house number. */
  street?: string
  /** The city. */
  city?: string
  /** The state. */
  state?: string
  /** The postal code. */
  zip?: string
  /** The country's name. */
  country?: string
  /** The country's two letters. At most 8 characters. */
  countryCode?: string
  /** For instance `HOME` or `WORK`. */
  type?: string
}

/** Where somebody works. */
export type ContactOrganization = string | {
  /** The company. */
  company?: string
  /** The department. */
  department?: string
  /** The job. */
  title?: string
}

/** A contact card. */
export interface ContactCard {
  /** The name. */
  name: ContactName
  /** Phone numbers. */
  phones?: ContactPhone[]
  /** Email addresses. */
  emails?: ContactEmail[]
  /** Web addresses. */
  urls?: ContactUrl[]
  /** Postal addresses. */
  addresses?: ContactAddress[]
  /** Where they work. */
  org?: ContactOrganization
  /** As `1999-12-31`. */
  birthday?: string
}

/** Which Flow. */
export type FlowReference = string | { id: string } | { name: string }

/** Which state of a Flow is opened. */
export type FlowMode = 'published' | 'draft'

/** What a Flow does first. */
export type FlowAction = 'navigate' | 'data-exchange'

/** A product of a catalog. */
export type ProductItem = string | {
  /** Its id in the catalog: the content id, or SKU. */
  productRetailerId: string
}

/** A group of products. */
export interface ProductSection {
  /** Needed when there is more than one section. At most 24 characters. */
  title?: string
  /** Thirty products at most in all sections together. */
  products: ProductItem[]
}

/** The picture of a card. */
export type CardHeader = { image: MediaSource } | { video: MediaSource }

/** A button that opens an address. */
export interface CardLink {
  /** What people see. At most 20 characters. */
  displayText: string
  /** The address it opens. */
  url: string
}

/** A quick reply of a card. */
export interface CardReply {
  /** Comes back when it is tapped. At most 256 characters. */
  id: string
  /** What people see. At most 20 characters. */
  title: string
}

/** A product that a card shows. */
export interface CardProduct {
  /** The catalog: the same for all cards. */
  catalogId: string
  /** The product's id in it. */
  productRetailerId: string
}

/** What can be done on a card. */
export type CardAction = { link: CardLink } | { replies: CardReply[] } | { product: CardProduct }

/** A card of a carousel. */
export type CarouselCard = {
  /** An image or a video; needed unless the card shows a product. */
  header?: CardHeader
  /** The card's text. At most 160 characters. At most 3 lines. */
  body?: string
} & CardAction

/** An address that people can choose instead of writing one. */
export interface SavedAddress {
  /** Comes back when it is chosen. At most 256 characters. */
  id: string
  /** Its fields, as an object of JSON: `{"city": "Mumbai"}`. */
  value: Record<string, any>
}

/** What is done with a group's message. */
export type PinAction = 'pin' | 'unpin'

/** A text message. */
export interface TextOptions extends ReplyOptions {
  /** Whether WhatsApp shows a preview of the first link. */
  previewUrl?: boolean
}

/** A message with one to three reply buttons. */
export interface ButtonsMessage extends ReplyOptions {
  /** Above the text. */
  header?: Header
  /** The text. At most 1024 characters. */
  body: string
  /** Below the text. At most 60 characters. */
  footer?: string
  /** The buttons. 1 to 3. */
  buttons: Button[]
}

/** A message that opens a list to choose from. */
export interface ListMessage extends ReplyOptions {
  /** A text above. At most 60 characters. */
  header?: string
  /** The text. At most 4096 characters. */
  body: string
  /** Below the text. At most 60 characters. */
  footer?: string
  /** The label that opens the list. At most 20 characters. */
  button: string
  /** The groups of rows. 1 to 10. */
  sections?: ListSection[]
  /** Instead of `sections`, when there is one without a title. */
  rows?: ListRow[]
}

/** A message that is an image, video, sound, document or sticker. */
export type MediaMessage = ReplyOptions & ({ id: string } | { link: string }) & {
  /** What it is. */
  kind: MediaKind
  /** Not for audio and stickers. At most 1024 characters. */
  caption?: string
  /** The name a document is shown under. */
  filename?: string
}

/** A place on the map. */
export interface LocationMessage extends ReplyOptions {
  /** In degrees. -90 to 90. */
  latitude: number
  /** In degrees. -180 to 180. */
  longitude: number
  /** What the place is called. */
  name?: string
  /** Its address; shown when it has a name. */
  address?: string
}

/** A message with a button that opens an address. */
export interface CtaUrlMessage extends ReplyOptions {
  /** Above the text. */
  header?: Header
  /** The text. At most 1024 characters. */
  body: string
  /** Below the text. At most 60 characters. */
  footer?: string
  /** The button's label. At most 20 characters. */
  displayText: string
  /** The address that it opens. */
  url: string
}

/** A message with a button that opens a Flow. */
export interface FlowMessage extends ReplyOptions {
  /** Above the text. */
  header?: Header
  /** The text. At most 1024 characters. */
  body: string
  /** Below the text. At most 60 characters. */
  footer?: string
  /** Which Flow. */
  flow: FlowReference
  /** The button's label, without emojis. At most 30 characters. */
  cta: string
  /** Comes back with the answer, and to the Flow's endpoint; `unused` when absent. At most 4096 characters. */
  token?: string
  /** What it does first; absent, it shows a screen. */
  action?: FlowAction
  /** The screen that it shows first; absent, the first one. */
  screen?: string
  /** What the first screen gets, as an object of JSON. */
  data?: Record<string, any>
  /** Which state of it; absent, the published one. */
  mode?: FlowMode
}

/** One product of the catalog that the number is connected to. */
export interface ProductMessage extends ReplyOptions {
  /** The text. At most 1024 characters. */
  body?: string
  /** Below the text. At most 60 characters. */
  footer?: string
  /** The catalog. */
  catalogId: string
  /** The product's id in it. */
  productRetailerId: string
}

/** Up to thirty products of a catalog, in sections. */
export interface ProductsMessage extends ReplyOptions {
  /** A text above. At most 60 characters. */
  header: string
  /** The text. At most 1024 characters. */
  body: string
  /** Below the text. At most 60 characters. */
  footer?: string
  /** The catalog. */
  catalogId: string
  /** The groups of products. 1 to 10. */
  sections?: ProductSection[]
  /** Instead of `sections`, when there is one without a title. */
  products?: ProductItem[]
}

/** A message with a button that opens the number's catalog. */
export interface CatalogMessage extends ReplyOptions {
  /** The text. At most 1024 characters. */
  body: string
  /** Below the text. At most 60 characters. */
  footer?: string
  /** The product whose picture is shown; absent, the catalog's first. */
  thumbnailProductRetailerId?: string
}

/** Two to ten cards side by side, all of one form. */
export interface CarouselMessage extends ReplyOptions {
  /** The text. At most 1024 characters. */
  body: string
  /** The cards: all have the same kind of header, and as many buttons. 2 to 10. */
  cards: CarouselCard[]
}

/** A form for a postal address. Meta has it for businesses in India and their customers there. */
export interface AddressRequest extends ReplyOptions {
  /** Above the text. */
  header?: Header
  /** The text. At most 1024 characters. */
  body: string
  /** Below the text. At most 60 characters. */
  footer?: string
  /** The country's two letters: `IN`. 2 characters. */
  country: string
  /** What is filled in already, as an object of JSON: `{"city": "Mumbai"}`. */
  values?: Record<string, any>
  /** Addresses to choose from. */
  savedAddresses?: SavedAddress[]
  /** What was wrong with the last answer, as an object of JSON: the field, and what is wrong with it. */
  validationErrors?: Record<string, any>
}

/** A message with a button that calls the business on WhatsApp. */
export interface VoiceCallMessage extends ReplyOptions {
  /** The text. At most 1024 characters. */
  body: string
  /** The button's label; `Call Now` when absent. At most 20 characters. */
  displayText?: string
  /** How long the button works; seven days when absent. 1 to 43200. */
  ttlMinutes?: number
  /** Comes back with the webhooks of the call. */
  payload?: string
}

/**
 * A message made from an approved template: the only kind that may go out when the contact has not written for 24
 * hours.
 */
export interface TemplateMessage {
  name: string
  /** For instance `en_US`, or as Meta writes it. */
  language: string | { code: string }
  /** The parts that take parameters. Parameters are texts, or as Meta's JSON has them. */
  components?: TemplateComponent[]
  /** The cards of a template that has a carousel. */
  cards?: TemplateCard[]
}

/** Puts a group's message above the chat, or takes it from there. */
export interface PinMessage {
  /** What is done. */
  action: PinAction
  /** The message. */
  messageId: string
  /** How many days it stays there. 1 to 30. */
  expirationDays?: number
}

/** A function for each type of message. `to` is a phone number with country code, a user id or a group's id. */
export interface Sends {
  /**
   * Sends a text message.
   * @example
   * await whatsapp.sendText(to, 'As requested, here is the link: https://example.com', { previewUrl: true, replyTo: 'wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQTdBNT==' })
   */
  sendText(to: string, body: string, options?: TextOptions): Promise<Sent>
  /**
   * Sends a message with reply buttons.
   * @example
   * await whatsapp.sendButtons(to, {
   *   header: { image: { id: '2762702990552401' } },
   *   body: 'Your gardening workshop is scheduled for 9am tomorrow.',
   *   footer: 'Lucky Shrub',
   *   buttons: [{ id: 'change-button', title: 'Change' }, 'Cancel'],
   * })
   */
  sendButtons(to: string, message: ButtonsMessage): Promise<Sent>
  /**
   * Sends a list to choose from.
   * @example
   * await whatsapp.sendList(to, {
   *   header: 'Choose Shipping Option',
   *   body: 'Which shipping option do you prefer?',
   *   footer: 'Lucky Shrub',
   *   button: 'Shipping Options',
   *   sections: [{ title: 'I want it ASAP!', rows: [{ id: 'priority_express', title: 'Priority Mail Express', description: 'Next Day to 2 Days' }, { id: 'priority_mail', title: 'Priority Mail', description: '1–3 Days' }] }, { title: 'I can wait a bit', rows: [{ id: 'usps_ground', title: 'USPS Ground Advantage' }] }],
   * })
   */
  sendList(to: string, message: ListMessage): Promise<Sent>
  /**
   * Sends media.
   * @example
   * await whatsapp.sendMedia(to, {
   *   kind: 'image',
   *   link: 'https://example.com/hummingbird.png',
   *   caption: 'The best succulent ever?',
   * })
   */
  sendMedia(to: string, message: MediaMessage): Promise<Sent>
  /**
   * Sends an image: JPEG or PNG, at most 5 MB.
   * @example
   * await whatsapp.sendImage(to, 'https://example.com/hummingbird.png', { caption: 'The best succulent ever?' })
   */
  sendImage(to: string, source: MediaSource, options?: { caption?: string, replyTo?: string }): Promise<Sent>
  /**
   * Sends a video: MP4 or 3GPP, at most 16 MB.
   * @example
   * await whatsapp.sendVideo(to, '1166846181421424', { caption: 'A succulent eclipse!' })
   */
  sendVideo(to: string, source: MediaSource, options?: { caption?: string, replyTo?: string }): Promise<Sent>
  /**
   * Sends a sound, at most 16 MB. `sendVoice` sends what looks recorded.
   * @example
   * await whatsapp.sendAudio(to, '1013859600285441')
   */
  sendAudio(to: string, source: MediaSource, options?: { replyTo?: string }): Promise<Sent>
  /**
   * Sends a document: any file, at most 100 MB.
   * @example
   * await whatsapp.sendDocument(to, { id: '1376223850470843' }, { caption: 'Lucky Shrub Invoice', filename: 'invoice.pdf' })
   */
  sendDocument(to: string, source: MediaSource, options?: { caption?: string, filename?: string, replyTo?: string }): Promise<Sent>
  /**
   * Sends a sticker: WebP, at most 100 KB, or 500 KB when it moves.
   * @example
   * await whatsapp.sendSticker(to, '798882015472548')
   */
  sendSticker(to: string, source: MediaSource, options?: { replyTo?: string }): Promise<Sent>
  /**
   * Sends a voice message.
   * @example
   * await whatsapp.sendVoice(to, '1013859600285441')
   */
  sendVoice(to: string, source: MediaSource, options?: ReplyOptions): Promise<Sent>
  /**
   * Sends a place on the map.
   * @example
   * await whatsapp.sendLocation(to, {
   *   latitude: 37.44216251868683,
   *   longitude: -122.16153582049394,
   *   name: 'Philz Coffee',
   *   address: '101 Forest Ave, Palo Alto, CA 94301',
   * })
   */
  sendLocation(to: string, message: LocationMessage): Promise<Sent>
  /**
   * Sends contact cards.
   * @example
   * await whatsapp.sendContacts(to, [{ name: { formattedName: 'Barbara J. Johnson', firstName: 'Barbara', lastName: 'Johnson', middleName: 'Joana', suffix: 'Esq.', prefix: 'Dr.' }, phones: [{ phone: '+16505559999', type: 'Landline', waId: '16505559999' }, '+19175559999'], emails: [{ email: 'bjohnson@luckyshrub.com', type: 'Work' }], urls: ['https://www.luckyshrub.com'], addresses: [{ street: '1 Lucky Shrub Way', city: 'Menlo Park', state: 'CA', zip: '94025', country: 'United States', countryCode: 'US', type: 'Office' }], org: { company: 'Lucky Shrub', department: 'Legal', title: 'Lead Counsel' }, birthday: '1999-01-23' }])
   */
  sendContacts(to: string, contacts: ContactCard[], options?: ReplyOptions): Promise<Sent>
  /**
   * Reacts to a message with an emoji, or takes the reaction away.
   * @example
   * await whatsapp.react(to, 'wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQTdCNTg5RjY1MEMyRjlGMjRGNgA=', '😀')
   */
  react(to: string, messageId: string, emoji?: string): Promise<Sent>
  /**
   * Sends a message with a button that opens an address.
   * @example
   * await whatsapp.sendCta(to, {
   *   header: { image: 'https://www.luckyshrub.com/assets/lucky-shrub-banner-logo-v1.png' },
   *   body: 'Tap the button below to see available dates.',
   *   footer: 'Dates subject to change.',
   *   displayText: 'See Dates',
   *   url: 'https://www.luckyshrub.com?clickID=kqDGWd24Q5TRwoEQTICY7W1JKoXvaZOXWAS7h1P76s0R7Paec4',
   * })
   */
  sendCta(to: string, message: CtaUrlMessage): Promise<Sent>
  /**
   * Sends a message that opens a Flow. What people fill in comes back as a `flow_reply`.
   * @example
   * await whatsapp.sendFlow(to, {
   *   header: 'Flow message header',
   *   body: 'Flow message body',
   *   footer: 'Flow message footer',
   *   flow: '1',
   *   cta: 'Book!',
   *   token: 'AQAAAAACS5FpgQ_cAAAAAD0QI3s.',
   *   action: 'navigate',
   *   screen: 'FIRST_SCREEN',
   *   data: { product_name: 'name', product_price: 100 },
   * })
   */
  sendFlow(to: string, message: FlowMessage): Promise<Sent>
  /**
   * Sends one product of a catalog.
   * @example
   * await whatsapp.sendProduct(to, {
   *   body: 'Our newest one.',
   *   footer: 'Lucky Shrub',
   *   catalogId: '194836987003835',
   *   productRetailerId: 'di9ozbzfi4',
   * })
   */
  sendProduct(to: string, message: ProductMessage): Promise<Sent>
  /**
   * Sends products of a catalog.
   * @example
   * await whatsapp.sendProducts(to, {
   *   header: 'Our succulents',
   *   body: 'Which one do you like?',
   *   catalogId: '146265584024623',
   *   sections: [{ title: 'Popular', products: ['SKU12345', 'SKU12346'] }, { title: 'New', products: ['SKU99999'] }],
   * })
   */
  sendProducts(to: string, message: ProductsMessage): Promise<Sent>
  /**
   * Sends a message that opens the catalog.
   * @example
   * await whatsapp.sendCatalog(to, {
   *   body: 'Hello! Thanks for your interest. Ordering is easy. Just visit our catalog and add items to purchase.',
   *   footer: 'Best grocery deals on WhatsApp!',
   *   thumbnailProductRetailerId: '2lc20305pt',
   * })
   */
  sendCatalog(to: string, message: CatalogMessage): Promise<Sent>
  /**
   * Sends cards side by side.
   * @example
   * await whatsapp.sendCarousel(to, {
   *   body: 'Here are two of our latest arrivals:',
   *   cards: [{ header: { image: 'https://www.luckyshrub.com/assets/blue-echeveria.jpeg' }, body: '*Blue Echeveria*', link: { displayText: 'Buy now', url: 'https://shop.luckyshrub.com/buy/blue-echeveria' } }, { header: { image: 'https://www.luckyshrub.com/assets/zebra-haworthia.jpeg' }, body: '*Zebra Haworthia*', link: { displayText: 'Buy now', url: 'https://shop.luckyshrub.com/buy/zebra-haworthia' } }],
   * })
   */
  sendCarousel(to: string, message: CarouselMessage): Promise<Sent>
  /**
   * Asks for a location, which comes back as a `location`.
   * @example
   * await whatsapp.requestLocation(to, "Let's start with your pickup. You can either manually *enter an address* or *share your current location*.")
   */
  requestLocation(to: string, body: string, options?: ReplyOptions): Promise<Sent>
  /**
   * Asks for a postal address, which comes back as an `address_reply`.
   * @example
   * await whatsapp.requestAddress(to, {
   *   body: 'Thanks for your order! Tell us what address you’d like this order delivered to.',
   *   country: 'IN',
   *   values: { name: 'CUSTOMER_NAME', phone_number: '+91xxxxxxxxxx' },
   *   savedAddresses: [{ id: 'address1', value: { name: 'CUSTOMER_NAME', in_pin_code: '400063', city: 'Mumbai' } }],
   * })
   */
  requestAddress(to: string, message: AddressRequest): Promise<Sent>
  /**
   * Asks for a phone number, which comes back as `contacts`.
   * @example
   * await whatsapp.requestContact(to, 'May we have your number, for the courier?')
   */
  requestContact(to: string, body: string, options?: ReplyOptions): Promise<Sent>
  /**
   * Asks whether the business may call; the answer is a `call_permission_reply`.
   * @example
   * await whatsapp.requestCallPermission(to, 'We would like to call you to help support your query on Order No: ON-12853.')
   */
  requestCallPermission(to: string, body: string, options?: ReplyOptions): Promise<Sent>
  /**
   * Sends a button that calls the business.
   * @example
   * await whatsapp.sendVoiceCall(to, {
   *   body: 'You can call us on WhatsApp now for faster service!',
   *   displayText: 'Call on WhatsApp',
   *   ttlMinutes: 100,
   *   payload: 'payload data',
   * })
   */
  sendVoiceCall(to: string, message: VoiceCallMessage): Promise<Sent>
  /**
   * Sends a template.
   * @example
   * await whatsapp.sendTemplate(to, {
   *   name: 'order_confirmation',
   *   language: 'en_US',
   *   components: [{ type: 'body', parameters: ['Pablo', '860198-230332'] }, { type: 'button', sub_type: 'url', index: 0, parameters: [{ type: 'text', text: '860198-230332' }] }],
   * })
   */
  sendTemplate(to: string, message: TemplateMessage): Promise<Sent>
  /**
   * Pins a message in a group, or takes the pin away.
   * @example
   * await whatsapp.sendPin(to, { action: 'pin', messageId: 'wamid.A', expirationDays: 7 })
   */
  sendPin(to: string, message: PinMessage): Promise<Sent>
  /**
   * Puts a message above a group's chat.
   * @example
   * await whatsapp.pin(to, 'wamid.A', { expirationDays: 7 })
   */
  pin(to: string, messageId: string, options?: { expirationDays?: number }): Promise<Sent>
  /**
   * Takes a message from above a group's chat.
   * @example
   * await whatsapp.unpin(to, 'wamid.A')
   */
  unpin(to: string, messageId: string): Promise<Sent>
}

/** What somebody wrote. */
export interface InboundText {
  /** The text. */
  body: string
}

/** An image, video, sound, document or sticker. */
export interface InboundMedia {
  /** Meta's id of the file, by which it is read; for seven days. */
  id: string
  /** For instance `image/jpeg`, or `audio/ogg; codecs=opus`. */
  mimeType?: string
  /** The file's SHA-256, in base64. */
  sha256?: string
  /** Where the file is, with the project's token; for five minutes. */
  url?: string
  /** What stands below it. */
  caption?: string
  /** A document's name. */
  filename?: string
  /** Whether a sound was recorded in the chat. */
  voice: boolean
  /** Whether a sticker moves. */
  animated: boolean
}

/** A place on the map. */
export interface InboundLocation {
  /** In degrees. */
  latitude: number
  /** In degrees. */
  longitude: number
  /** What the place is called. */
  name?: string
  /** Its address. */
  address?: string
  /** Its page. */
  url?: string
}

/** A name on a contact card. */
export interface InboundName {
  /** The whole name. */
  formattedName?: string
  /** The first name. */
  firstName?: string
  /** The last name. */
  lastName?: string
  /** The middle name. */
  middleName?: string
  /** For instance `Jr.`. */
  suffix?: string
  /** For instance `Dr.`. */
  prefix?: string
}

/** A phone number on a contact card. */
export interface InboundPhone {
  /** The number, as people see it. */
  phone?: string
  /** The WhatsApp id. */
  waId?: string
  /** For instance `CELL`. */
  kind?: string
}

/** An email address on a contact card. */
export interface InboundEmail {
  /** The address. */
  email?: string
  /** For instance `WORK`. */
  kind?: string
}

/** A web address on a contact card. */
export interface InboundUrl {
  /** The address. */
  url?: string
  /** For instance `WORK`. */
  kind?: string
}

/** A postal address on a contact card. */
export interface InboundAddress {
  /** Street and house number. */
  street?: string
  /** The city. */
  city?: string
  /** The state. */
  state?: string
  /** The postal code. */
  zip?: string
  /** The country's name. */
  country?: string
  /** The country's two letters. */
  countryCode?: string
  /** For instance `HOME`. */
  kind?: string
}

/** Where somebody works. */
export interface InboundOrganization {
  /** The company. */
  company?: string
  /** The department. */
  department?: string
  /** The job. */
  title?: string
}

/** A contact card. */
export interface InboundCard {
  /** The name. */
  name?: InboundName
  /** Phone numbers. */
  phones: InboundPhone[]
  /** Email addresses. */
  emails: InboundEmail[]
  /** Web addresses. */
  urls: InboundUrl[]
  /** Postal addresses. */
  addresses: InboundAddress[]
  /** Where they work. */
  org?: InboundOrganization
  /** As `1999-12-31`. */
  birthday?: string
  /** The card as a vCard. */
  vcard?: string
}

/** Contact cards. */
export interface InboundContacts {
  /** The cards. */
  cards: InboundCard[]
  /** `contact_request` when it answers one. */
  origin?: string
}

/** An emoji on a message. */
export interface InboundReaction {
  /** The message. */
  messageId: string
  /** The emoji; absent when the reaction was taken away. */
  emoji?: string
}

/** A tap on the quick reply of a template. */
export interface InboundQuickReply {
  /** What the template's sender gave the button. */
  payload?: string
  /** The button's label. */
  text?: string
}

/** A tap on a button, or a row that was chosen. */
export interface InboundReply {
  /** What the sender gave the button or row. */
  id: string
  /** What people see of it. */
  title?: string
  /** A row's second line. */
  description?: string
}

/** What somebody filled in: a Flow or an address. */
export interface InboundFormReply {
  /** `flow` or `address_message`. */
  name?: string
  /** What the chat shows of it. */
  body?: string
  /** The token that the Flow was sent with. */
  token?: string
  /** The values, as JSON. */
  response: Record<string, any>
}

/** Whether the business may call. */
export interface InboundCallPermissionReply {
  /** `accept` or `reject`. */
  response: string
  /** Whether it holds until it is taken back. */
  isPermanent: boolean
  /** Until when it holds, in seconds since 1970. */
  expirationTimestamp?: number
  /** `user_action` or `automatic`. */
  responseSource?: string
}

/** A product in a cart. */
export interface InboundOrderItem {
  /** The product's id in the catalog. */
  productRetailerId: string
  /** How many. */
  quantity: number
  /** What one costs. */
  itemPrice?: number
  /** For instance `EUR`. */
  currency?: string
}

/** A cart that somebody sent. */
export interface InboundOrder {
  /** The catalog. */
  catalogId?: string
  /** What they wrote to it. */
  text?: string
  /** What is in it. */
  items: InboundOrderItem[]
}

/** What WhatsApp tells of a contact. */
export interface InboundSystemNotice {
  /** `user_changed_number`, `user_changed_user_id`, `customer_identity_changed` and so on. */
  kind?: string
  /** In words. */
  body?: string
  /** The new WhatsApp id. */
  newWaId?: string
  /** The new business-scoped user id. */
  newUserId?: string
  /** The former one. */
  previousUserId?: string
}

/** Another text for an earlier message. */
export interface InboundEdited {
  /** The earlier message. */
  originalMessageId: string
  /** What it says now, as Meta's JSON. */
  message: any
}

/** An earlier message that was taken back. */
export interface InboundRevoked {
  /** The earlier message. */
  originalMessageId: string
}

/** Something that Meta's API does not carry. */
export interface InboundUnsupported {
  /** What it was, for instance `poll`. */
  kind?: string
  /** Meta's error code, nearly always 131051. */
  code?: number
  /** What Meta says of it. */
  details?: string
}

/** The product that a message is about. */
export interface InboundProductReference {
  /** The catalog. */
  catalogId: string
  /** The product's id in it. */
  productRetailerId: string
}

/** What a message refers to. */
export interface InboundContext {
  /** The message that it answers. */
  id?: string
  /** Whose message that is. */
  author?: string
  /** Whether it was forwarded. */
  forwarded: boolean
  /** Whether that was more than five times. */
  frequentlyForwarded: boolean
  /** The product that it asks about. */
  product?: InboundProductReference
}

/** The ad or post by which somebody came. */
export interface InboundReferral {
  /** `ad` or `post`. */
  sourceType?: string
  /** Its id. */
  sourceId?: string
  /** Its address. */
  sourceUrl?: string
  /** Its headline. */
  headline?: string
  /** Its text. */
  body?: string
  /** `image` or `video`. */
  mediaType?: string
  /** Its image. */
  imageUrl?: string
  /** Its video. */
  videoUrl?: string
  /** Its thumbnail. */
  thumbnailUrl?: string
  /** Meta's id of the click. */
  clickId?: string
}

/** Why a message failed. */
export interface InboundStatusError {
  /** Meta's error code, for instance 131047. */
  code: number
  /** One line for people. */
  title?: string
  /** More about the cause. */
  details?: string
}

/** What Meta charges. */
export interface InboundPricing {
  /** Whether it costs. */
  billable: boolean
  /** `PMP`: each message. */
  model?: string
  /** `regular`, `free_customer_service` or `free_entry_point`. */
  kind?: string
  /** `marketing`, `utility`, `service` and so on. */
  category?: string
}

/** What every message that came in has. */
export interface InboundBase {
  /** Meta's id of it (`wamid.…`). */
  id: string
  /** The number that it came to. */
  numberId: string
  /**
   * Whom to answer: the sender's WhatsApp id, a phone number without `+`, or their business-scoped user id when they
   * hide it.
   */
  from: string
  /** The sender's WhatsApp id. Absent when they hide it. */
  waId?: string
  /** The sender's business-scoped user id. */
  userId?: string
  /** The name in the sender's profile. */
  name?: string
  /** The sender's username. */
  username?: string
  /** The group that it was written in. */
  groupId?: string
  /** When it was sent, in seconds since 1970. */
  timestamp: number
  /** What they said, however they said it: the text, the label that was tapped, or the caption. */
  text?: string
  /** What was tapped or chosen: the button's or row's id, or the payload. */
  choice?: string
  /** What it refers to. */
  context?: InboundContext
  /** The ad or post by which they came. */
  referral?: InboundReferral
  /** All of it, as Meta's JSON. */
  raw: any
}

/** A message that came in: `type` says what `content` is. */
export type InboundMessage = InboundBase & (
  /** A text. */
  | { type: 'text', content: InboundText }
  /** An image. */
  | { type: 'image', content: InboundMedia }
  /** A video. */
  | { type: 'video', content: InboundMedia }
  /** A sound, or a voice message. */
  | { type: 'audio', content: InboundMedia }
  /** A document. */
  | { type: 'document', content: InboundMedia }
  /** A sticker. */
  | { type: 'sticker', content: InboundMedia }
  /** A place on the map. */
  | { type: 'location', content: InboundLocation }
  /** Contact cards. */
  | { type: 'contacts', content: InboundContacts }
  /** An emoji on a message. */
  | { type: 'reaction', content: InboundReaction }
  /** A tap on a template's quick reply. */
  | { type: 'button', content: InboundQuickReply }
  /** A tap on a reply button. */
  | { type: 'button_reply', content: InboundReply }
  /** A row that was chosen. */
  | { type: 'list_reply', content: InboundReply }
  /** An address that was asked for. */
  | { type: 'address_reply', content: InboundFormReply }
  /** A Flow that was completed. */
  | { type: 'flow_reply', content: InboundFormReply }
  /** Whether the business may call. */
  | { type: 'call_permission_reply', content: InboundCallPermissionReply }
  /** A cart. */
  | { type: 'order', content: InboundOrder }
  /** What WhatsApp tells of the contact, for instance a new number. */
  | { type: 'system', content: InboundSystemNotice }
  /** The chat was opened for the first time. */
  | { type: 'request_welcome', content: undefined }
  /** Another text for an earlier message. */
  | { type: 'edit', content: InboundEdited }
  /** An earlier message was taken back. */
  | { type: 'revoke', content: InboundRevoked }
  /** Something that Meta's API does not carry. */
  | { type: 'unsupported', content: InboundUnsupported }
  /** What this version has no type for, as Meta's JSON. */
  | { type: 'unknown', content: any }
)

/** What became of a message that went out. */
export interface MessageStatus {
  /** Meta's id of the message (`wamid.…`). */
  id: string
  /** The number that it went out from. */
  numberId: string
  /** `sent`, `delivered`, `read`, `played` or `failed`. */
  state: string
  /** When, in seconds since 1970. */
  timestamp: number
  /** The recipient's WhatsApp id, or the group. */
  recipientId?: string
  /** The recipient's business-scoped user id. */
  recipientUserId?: string
  /** What the bot sent along. */
  callbackData?: string
  /** Why it failed. */
  errors: InboundStatusError[]
  /** What Meta charges. */
  pricing?: InboundPricing
  /** All of it, as Meta's JSON. */
  raw: any
}
