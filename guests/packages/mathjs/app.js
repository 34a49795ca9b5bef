const { evaluate, format, matrix, simplify, unit, derivative, det, bignumber, chain } = require('mathjs')
const { failure, serve } = require('../checks')

serve({
  checks: {
    evaluate: () => [evaluate('2 + 3 * sqrt(4)'), evaluate('a ^ 2', { a: 3 }), format(evaluate('1/3'), 4)],
    matrix: () => [det([[1, 2], [3, 4]]), matrix([[1, 2]]).toArray(), evaluate('[1,2;3,4] * [1;1]').toArray()],
    units: () => [unit('5 km').to('mile').toString(), evaluate('2 inch to cm').toString()],
    symbols: () => [simplify('2x + 3x').toString(), derivative('x^3', 'x').toString()],
    big: () => bignumber('0.1').plus(bignumber('0.2')).toString(),
    chain: () => chain(3).add(4).multiply(2).done(),
    error: () => failure(() => evaluate('2 +')),
  },
})
