const rx = require('rxjs')
const { failure, serve } = require('../checks')

const all = (source) => rx.firstValueFrom(source.pipe(rx.toArray()))
serve({
  checks: {
    operators: () => all(rx.from([1, 2, 3, 4]).pipe(rx.filter((n) => n % 2 === 0), rx.map((n) => n * 10), rx.scan((sum, n) => sum + n))),
    interval: () => all(rx.interval(10).pipe(rx.take(3))),
    merge: () => all(rx.merge(rx.of('a'), rx.timer(20).pipe(rx.map(() => 'b')))),
    debounce: () => all(rx.concat(rx.of(1, 2), rx.timer(40).pipe(rx.map(() => 3))).pipe(rx.debounceTime(15))),
    errors: () => failure(() => rx.lastValueFrom(rx.throwError(() => new RangeError('no')).pipe(rx.retry(2)))),
    subject: () => { const seen = []; const subject = new rx.BehaviorSubject(0); subject.subscribe((n) => seen.push(n)); subject.next(1); subject.complete(); return seen },
    combine: () => all(rx.combineLatest([rx.of(1, 2), rx.of('a', 'b')])),
    empty: () => failure(() => rx.firstValueFrom(rx.EMPTY)).then(({ failed }) => failed.name),
  },
})
