/**
 * Does once, before the image is made, what each instance would otherwise do for itself.
 *
 * The engine makes builtin functions when they are first touched, and gives each property name a
 * number when it first sees it. Both write to memory that instances share until they write to
 * it: a page fault each, in every fresh instance.
 */

/** Names that nearly every event brings: Meta's webhooks and answers, and HTTP's headers. */
const NAMES = `
  object entry id time changes field value messaging_product metadata display_phone_number
  phone_number_id contacts profile name username wa_id user_id parent_user_id identity_key_hash
  messages from from_user_id from_parent_user_id group_id timestamp type text body context referral
  forwarded frequently_forwarded referred_product image caption mime_type sha256 url video audio
  voice document filename sticker animated location latitude longitude address reaction message_id
  emoji button payload interactive button_reply list_reply nfm_reply title description
  response_json flow_token order catalog_id product_items product_retailer_id quantity item_price
  currency system errors code message error_data details href statuses status recipient_id
  recipient_user_id conversation expiration_timestamp origin pricing billable pricing_model category
  biz_opaque_callback_data error fbtrace_id error_subcode is_transient error_user_title
  error_user_msg input message_status success to recipient_type recipient preview_url action buttons
  reply sections rows header footer template language policy components parameters sub_type index
  link typing_indicator cta_url display_text flow flow_id flow_cta flow_action screen data host
  connection accept user-agent content-type content-length x-hub-signature-256 x-hub-signature
  authorization accept-encoding date etag x-powered-by location cookie set-cookie origin
  transfer-encoding cache-control hub.mode hub.challenge hub.verify_token access_token rows rowCount
  command fields oid dataTypeID tag val payload columns affected typeOid sqlstate severity
`.trim().split(/\s+/)

/** Kept, so that the names keep their numbers. */
export const names = Object.fromEntries(NAMES.map((name) => [name, undefined]))

/** Touches every property of everything that can be reached from the globals. */
export function warm(root) {
  const seen = new Set()
  const left = [root]
  while (left.length > 0) {
    const object = left.pop()
    if (object === null || (typeof object !== 'object' && typeof object !== 'function') || seen.has(object)) continue
    seen.add(object)
    left.push(Object.getPrototypeOf(object))
    for (const key of Reflect.ownKeys(object)) {
      const property = Object.getOwnPropertyDescriptor(object, key)
      left.push(property.value, property.get, property.set)
    }
  }
}
