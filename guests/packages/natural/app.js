const natural = require('natural')
const { serve } = require('../checks')

serve({
  checks: {
    tokenize: () => [new natural.WordTokenizer().tokenize("it's a dog, isn't it?"), new natural.AggressiveTokenizerPt().tokenize('olá, tudo bem?')],
    stem: () => [natural.PorterStemmer.stem('running'), natural.PorterStemmerPt.stem('correndo')],
    distance: () => [natural.LevenshteinDistance('kitten', 'sitting'), natural.JaroWinklerDistance('dixon', 'dicksonx'), natural.DiceCoefficient('a b', 'a c')],
    classify: () => { const classifier = new natural.BayesClassifier(); classifier.addDocument('quero comprar', 'sale'); classifier.addDocument('preciso de ajuda', 'help'); classifier.train(); return [classifier.classify('me ajuda'), classifier.getClassifications('comprar').map(({ label }) => label)] },
    tfidf: () => { const tfidf = new natural.TfIdf(); tfidf.addDocument('a bot about tea'); tfidf.addDocument('a bot about cake'); return tfidf.tfidfs('tea').map((n) => n.toFixed(4)) },
    phonetics: () => [new natural.Metaphone().process('phonetics'), new natural.SoundEx().process('robert')],
    sentiment: () => new natural.SentimentAnalyzer('English', natural.PorterStemmer, 'afinn').getSentiment(['I', 'love', 'it']),
  },
})
