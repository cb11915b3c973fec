package meaning

// usual is how people ask whatever they ask: what is in it says little.
var usual = [...]string{
	"what is the", "what are the", "what does it mean", "how do i", "how can i", "how much is it", "how many are there", "how long does it take",
	"why is it", "why does it", "why did you", "when is the", "where is the", "where can i find it", "which one is the best", "who is it",
	"can you help me", "can i", "could you please", "would you", "should i", "is there a", "is it possible to", "are there any", "do you have", "do i need",
	"tell me about", "give me a", "show me the", "make it", "write a", "explain the difference between", "i want to", "i need a", "i would like to", "i have a", "please do this for me",
	"my", "we have to", "they said that", "this does not work", "thank you", "hello", "hi", "yes", "no",
	"was ist das", "wie kann ich", "wo finde ich", "warum ist", "können sie mir helfen", "ich möchte", "ich habe eine frage zu", "bitte", "gibt es", "welche sind die besten",
	"comment puis-je", "qu'est-ce que c'est", "pourquoi", "où est", "je voudrais", "est-ce que vous pouvez m'aider", "quel est le", "j'ai besoin de",
	"cómo puedo", "qué es", "por qué", "dónde está", "quiero", "necesito ayuda con", "cuál es el", "me puede ayudar",
	"come posso", "che cosa è", "perché", "vorrei", "como posso", "o que é", "por que", "eu quero", "hoe kan ik", "wat is", "waarom", "ik wil graag",
	"怎么", "什么是", "为什么", "请问", "我想", "可以吗", "どうすれば", "とは何ですか", "なぜ", "教えてください", "어떻게", "무엇", "왜", "как", "что такое", "почему", "я хочу",
}
