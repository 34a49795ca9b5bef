const { Jimp, rgbaToInt } = require('jimp')
const { failure, serve } = require('../checks')

const image = () => { const made = new Jimp({ width: 20, height: 10, color: 0xff0000ff }); made.setPixelColor(rgbaToInt(0, 0, 255, 255), 3, 3); return made }
serve({
  checks: {
    create: () => [image().width, image().getPixelColor(3, 3), image().hasAlpha()],
    resize: () => { const small = image().resize({ w: 5, h: 5 }); return [small.width, small.height] },
    filters: () => image().greyscale().invert().getPixelColor(0, 0),
    png: async () => (await image().getBuffer('image/png')).subarray(0, 8),
    readPng: async () => { const read = await Jimp.read(await image().getBuffer('image/png')); return [read.width, read.getPixelColor(3, 3)] },
    jpeg: async () => (await image().getBuffer('image/jpeg', { quality: 80 })).subarray(0, 3),
    readJpeg: async () => { const read = await Jimp.read(await image().getBuffer('image/jpeg')); return [read.width, read.height] },
    broken: () => failure(() => Jimp.read(Buffer.from('nothing'))).then(({ failed }) => failed.name),
  },
})
