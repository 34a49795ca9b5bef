const mongoose = require('mongoose')
const { failure, needs, serve } = require('../checks')

const Guest = mongoose.model('Guest', new mongoose.Schema({ name: { type: String, required: true, trim: true }, age: { type: Number, min: 18 }, tags: [String], at: { type: Date, default: () => new Date(0) } }))
serve({
  checks: {
    document: () => { const { name, age, tags, at } = new Guest({ name: ' Ana ', age: '20', tags: ['a'] }); return { name, age, tags: [...tags], at } },
    validation: () => { const error = new Guest({ age: 3 }).validateSync(); return [error.name, error.message, Object.keys(error.errors).sort()] },
    cast: () => new Guest({ age: 'x' }).validateSync().errors.age.message,
    methods: () => [Guest.modelName, Guest.collection.name, mongoose.Types.ObjectId.isValid('65a0b1c2d3e4f5a6b7c8d9e0'), Object.keys(Guest.schema.paths).sort()],
    connect: needs('sockets', () => failure(() => mongoose.createConnection('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 300 }).asPromise()).then(({ failed }) => failed.name)),
  },
})
