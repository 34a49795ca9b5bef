// Dependency injection by the types of parameters, which only decorator metadata tells. Node (after `tsc`): "it is noon".
import 'reflect-metadata'
import express, { type Request, type Response } from 'express'

const made = new Map<unknown, unknown>()
function make<T>(type: new (...given: any[]) => T): T {
  const wanted = (Reflect.getMetadata('design:paramtypes', type) ?? []) as (new () => unknown)[]
  return (made.get(type) ?? made.set(type, new type(...wanted.map((each) => make(each)))).get(type)) as T
}
function injectable<T extends new (...given: any[]) => object>(type: T): void { void type }

@injectable
class Clock { now(): string { return 'noon' } }

@injectable
class Greeter {
  constructor(private readonly clock: Clock) {}
  greet(): string { return `it is ${this.clock.now()}` }
}

const app = express()
app.get('/', (req: Request, res: Response) => { res.send(make(Greeter).greet()) })
app.get('/webhook', (req: Request, res: Response) => { res.send(req.query['hub.challenge']) })
app.post('/webhook', (req: Request, res: Response) => { res.sendStatus(200) })
app.listen(process.env.PORT ?? 3000)
