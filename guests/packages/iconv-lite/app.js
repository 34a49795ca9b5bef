const iconv = require('iconv-lite')
const { serve } = require('../checks')

serve({
  checks: {
    latin: () => [iconv.encode('olá ç', 'win1252'), iconv.decode(Buffer.from([0xe7, 0xe3, 0x80]), 'win1252'), iconv.encode('€', 'iso-8859-15')],
    asian: () => [iconv.encode('日本', 'shift_jis'), iconv.decode(Buffer.from([0xc4, 0xe3]), 'gbk'), iconv.encode('한', 'euc-kr')],
    unicode: () => [iconv.encode('a', 'utf-16le'), iconv.decode(Buffer.from([0xff, 0xfe, 0x61, 0]), 'utf-16'), iconv.encodingExists('klingon')],
    stream: async () => { let text = ''; const decoder = iconv.decodeStream('latin1'); decoder.end(Buffer.from([0xe1, 0x62])); for await (const part of decoder) text += part; return text },
  },
})
