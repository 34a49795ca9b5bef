const { AsYouType, findPhoneNumbersInText, getCountries, isValidPhoneNumber, parsePhoneNumber, parsePhoneNumberWithError, ParseError } = require('libphonenumber-js')
const { failure, serve } = require('../checks')

serve({
  checks: {
    parse: () => { const phone = parsePhoneNumber('+5511987654321'); return [phone.country, phone.nationalNumber, phone.formatInternational(), phone.formatNational(), phone.getURI(), phone.isValid()] },
    national: () => parsePhoneNumber('(11) 98765-4321', 'BR').number,
    valid: () => [isValidPhoneNumber('+551', 'BR'), isValidPhoneNumber('12025550123', 'US')],
    typing: () => new AsYouType('US').input('2025550'),
    error: () => failure(() => parsePhoneNumberWithError('x')),
    errorClass: () => { try { parsePhoneNumberWithError('12', 'US') } catch (error) { return [error instanceof ParseError, error.name, error.constructor.name] } },
    text: () => findPhoneNumbersInText('call +5511987654321 or (202) 555-0123', 'US').map(({ number }) => number.number),
    countries: () => getCountries().length > 200,
  },
})
