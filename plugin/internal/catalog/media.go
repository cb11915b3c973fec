package catalog

// Where these rows were read: the pages of OpenAI's models, and LiteLLM's database, whose
// copy was that of https://github.com/RoCry/llm-api-price/commit/8442b939a6ead479f7995b5d74d8dce488bd0966.
const (
	openAI    = "https://developers.openai.com/api/docs/models/"
	readOn    = "2026-11-27" // where a page does not say its own day
	litellm   = "https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json"
	litellmOn = "2026-07-24"
)

// media are the built-in rows of models that make images, speech, transcripts, vectors or
// ranks: what they take bounds no request. Makers of images that count tokens and say so
// are priced by those, as OpenAI does; what an image costs is for those that do not say.
var media = [...]Model{
	{Provider: "openai", Name: "gpt-image-1", Input: Text | Image, Source: openAI + "gpt-image-1", Read: readOn,
		Prices: []Price{{Input: 5_000_000, CachedRead: 1_250_000, Image: 10_000_000, Output: 40_000_000}},
		Images: []ImagePrice{
			{Format{"low", "1024x1024"}, 11_000}, {Format{"low", "1024x1536"}, 16_000}, {Format{"low", "1536x1024"}, 16_000},
			{Format{"medium", "1024x1024"}, 42_000}, {Format{"medium", "1024x1536"}, 63_000}, {Format{"medium", "1536x1024"}, 63_000},
			{Format{"high", "1024x1024"}, 167_000}, {Format{"high", "1024x1536"}, 250_000}, {Format{"high", "1536x1024"}, 250_000},
		}},
	{Provider: "openai", Name: "gpt-image-1-mini", Input: Text | Image, Source: openAI + "gpt-image-1-mini", Read: readOn,
		Prices: []Price{{Input: 2_000_000, CachedRead: 200_000, Image: 2_500_000, Output: 8_000_000}},
		Images: []ImagePrice{
			{Format{"low", "1024x1024"}, 5_000}, {Format{"low", "1024x1536"}, 6_000}, {Format{"low", "1536x1024"}, 6_000},
			{Format{"medium", "1024x1024"}, 11_000}, {Format{"medium", "1024x1536"}, 15_000}, {Format{"medium", "1536x1024"}, 15_000},
			{Format{"high", "1024x1024"}, 36_000}, {Format{"high", "1024x1536"}, 52_000}, {Format{"high", "1536x1024"}, 52_000},
		}},
	{Provider: "openai", Name: "gpt-image-1.5", Input: Text | Image, Source: litellm, Read: litellmOn,
		Prices: []Price{{Input: 5_000_000, CachedRead: 1_250_000, Image: 8_000_000, Output: 32_000_000}},
		Images: []ImagePrice{
			{Format{"low", "1024x1024"}, 9_000}, {Format{"low", "1024x1536"}, 13_000}, {Format{"low", "1536x1024"}, 13_000},
			{Format{"medium", "1024x1024"}, 34_000}, {Format{"medium", "1024x1536"}, 50_000}, {Format{"medium", "1536x1024"}, 50_000},
			{Format{"high", "1024x1024"}, 133_000}, {Format{"high", "1024x1536"}, 200_000}, {Format{"high", "1536x1024"}, 200_000},
		}},
	{Provider: "openai", Name: "gpt-image-2", Input: Text | Image, Source: litellm, Read: litellmOn,
		Prices: []Price{{Input: 5_000_000, CachedRead: 1_250_000, Image: 8_000_000, Output: 30_000_000}}},
	{Provider: "openai", Name: "dall-e-3", Input: Text, Source: litellm, Read: litellmOn,
		Images: []ImagePrice{
			{Format{"hd", "1024x1792"}, 120_000}, {Format{"hd", "1792x1024"}, 120_000}, {Format{"hd", ""}, 80_000},
			{Format{"", "1024x1792"}, 80_000}, {Format{"", "1792x1024"}, 80_000}, {Format{}, 40_000},
		}},
	{Provider: "openai", Name: "dall-e-2", Input: Text | Image, Source: litellm, Read: litellmOn,
		Images: []ImagePrice{
			{Format{"", "256x256"}, 16_000}, {Format{"", "512x512"}, 18_000}, {Format{}, 20_000},
		}},
	{Provider: "openai", Name: "tts-1", Input: Text, Source: openAI + "tts-1", Read: readOn,
		Prices: []Price{{Character: 15_000_000}}},
	{Provider: "openai", Name: "tts-1-1106", Input: Text, Source: litellm, Read: litellmOn,
		Prices: []Price{{Character: 15_000_000}}},
	{Provider: "openai", Name: "tts-1-hd", Input: Text, Source: openAI + "tts-1-hd", Read: readOn,
		Prices: []Price{{Character: 30_000_000}}},
	{Provider: "openai", Name: "tts-1-hd-1106", Input: Text, Source: litellm, Read: litellmOn,
		Prices: []Price{{Character: 30_000_000}}},
	{Provider: "openai", Name: "gpt-4o-mini-tts", Input: Text, Source: openAI + "gpt-4o-mini-tts", Read: readOn,
		Prices: []Price{{Input: 600_000, Output: 12_000_000}}},
	{Provider: "openai", Name: "whisper-1", Input: Audio, Source: litellm, Read: litellmOn,
		Prices: []Price{{Second: 100}}},
	{Provider: "groq", Name: "playai-tts", Input: Text, Source: litellm, Read: litellmOn,
		Prices: []Price{{Character: 50_000_000}}},
	{Provider: "bedrock", Name: "amazon.rerank-v1:0", Input: Text, Source: litellm, Read: litellmOn,
		Prices: []Price{{Search: 1_000}}},
	{Provider: "bedrock", Name: "cohere.rerank-v3-5:0", Input: Text, Source: litellm, Read: litellmOn,
		Prices: []Price{{Search: 2_000}}},
	{Provider: "cohere", Name: "rerank-v3.5", Input: Text, Source: litellm, Read: litellmOn,
		Prices: []Price{{Search: 2_000}}},
	{Provider: "bedrock", Name: "amazon.titan-embed-image-v1", Input: Text | Image, Source: litellm, Read: litellmOn,
		Prices: []Price{{Input: 800_000}}},
	{Provider: "bedrock", Name: "amazon.titan-embed-text-v2:0", Input: Text, Source: litellm, Read: litellmOn,
		Prices: []Price{{Input: 20_000}}},
	{Provider: "bedrock", Name: "amazon.nova-2-multimodal-embeddings-v1:0", Input: Text | Image | Audio | Video, Source: litellm, Read: litellmOn,
		Prices: []Price{{Input: 135_000}}},
	{Provider: "cloudflare", Name: "@cf/baai/bge-reranker-base", Input: Text, Source: "https://developers.cloudflare.com/workers-ai/models/bge-reranker-base", Read: readOn,
		Prices: []Price{{Input: 3_100}}},
}
