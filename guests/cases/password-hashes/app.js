// Password hashes by the packages that people use: bcrypt and argon2, which are machine code, and bcryptjs. Node: each reads what the others wrote.
const argon2 = require('argon2')
const bcrypt = require('bcrypt')
const bcryptjs = require('bcryptjs')
const http = require('http')

const SALT = '$2b$10$abcdefghijklmnopqrstuu'
const early = bcrypt.hashSync('at the top level', SALT)
const ARGON2 = { salt: Buffer.from('somesaltsomesalt') }

const tell = async (act) => { try { return (await act()) ?? null } catch ({ name, message }) { return [name, message] } }

const pages = {
  '/bcrypt': async () => {
    const made = await bcrypt.hash('password', 10)
    const called = await new Promise((resolve) => bcrypt.compare('password', made, (error, same) => resolve([error ?? null, same])))
    return [early, await bcrypt.hash('password', SALT), bcrypt.hashSync(Buffer.from('pässword'), SALT), bcrypt.compareSync('a'.repeat(80), bcrypt.hashSync('a'.repeat(72), SALT)), bcrypt.hashSync('a\0b', '$2a$04$abcdefghijklmnopqrstuu'),
      made.length, called, await bcrypt.compare('other', made), bcrypt.getRounds(made), bcryptjs.compareSync('password', made), bcrypt.genSaltSync(12).slice(0, 7)]
  },
  '/bcryptjs': async () => [bcryptjs.hashSync('password', SALT), await bcryptjs.hash('password', '$2y$08$abcdefghijklmnopqrstuu'), bcryptjs.compareSync('password', bcryptjs.hashSync('password', SALT)), bcrypt.compareSync('password', await bcryptjs.hash('password', 9)),
    bcryptjs.getSalt(early), bcryptjs.truncates('a'.repeat(73)), bcryptjs.encodeBase64([1, 2, 3, 4, 5], 5), bcryptjs.decodeBase64('.OGB/', 3)],
  '/argon2': async () => [await argon2.hash('password', ARGON2), await argon2.hash('password', { ...ARGON2, type: argon2.argon2i, timeCost: 2, memoryCost: 1024, parallelism: 2 }),
    (await argon2.hash('password', { ...ARGON2, type: argon2.argon2d, memoryCost: 256, raw: true, hashLength: 50, secret: Buffer.from('pepper'), associatedData: Buffer.from('x') })).toString('hex'),
    await argon2.verify(await argon2.hash('password', { memoryCost: 1024 }), 'password'), await argon2.verify(await argon2.hash('password', { memoryCost: 1024 }), 'other'), argon2.needsRehash(await argon2.hash('p', { memoryCost: 1024 }))],
  '/together': async () => (await Promise.all(Array.from({ length: 4 }, (_, i) => argon2.hash(`password ${i}`, { ...ARGON2, timeCost: 1 })))),
  '/errors': async () => {
    const told = []
    for (const act of [() => bcrypt.hash('p'), () => bcrypt.hash('p', 'nonsense'), () => bcrypt.compare('p', 3), () => bcrypt.compare('p', 'no hash'), () => bcrypt.genSaltSync('x'), () => bcrypt.getRounds('x'), () => bcryptjs.hashSync('p', 'nonsense'),
      () => bcryptjs.hashSync('p', '$2b$99$abcdefghijklmnopqrstuu'), () => bcryptjs.compareSync('x', 3), () => bcryptjs.compare('x', 'short'), () => argon2.hash('p', { memoryCost: 8 }), () => argon2.hash('p', { timeCost: 0 }), () => argon2.hash('p', { timeCost: 2 ** 32 }),
      () => argon2.hash('p', { salt: Buffer.alloc(3) }), () => argon2.verify('$bcrypt$x', 'p'), () => Object.keys(bcrypt), () => Object.keys(bcryptjs), () => Object.keys(argon2)]) told.push(await tell(act))
    return told
  },
}

http.createServer(async ({ url }, res) => {
  const { pathname, searchParams } = new URL(url, 'http://bot')
  if (searchParams.has('hub.challenge')) return res.end(searchParams.get('hub.challenge'))
  const page = pages[pathname]
  if (!page) return res.writeHead(404).end()
  res.setHeader('content-type', 'application/json')
  try {
    res.end(JSON.stringify(await page()))
  } catch (error) {
    res.writeHead(500).end(String(error.stack))
  }
}).listen(process.env.PORT || 3000)
