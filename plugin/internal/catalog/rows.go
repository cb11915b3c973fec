package catalog

// A page is what was read of one provider.
type page struct {
	provider, source, read string
	rows                   []row
}

type row struct {
	name            string
	context, output int64
	input           Modality
	can             Capability
	prices          []Price
}

// Where the rows were read: the open database of models.dev, whose rows name the
// providers' own pages and sometimes the day on which they were read; newer copies of some
// of its files, by their commits; and the pages of Anthropic and OpenAI.
const (
	stored     = "https://github.com/anomalyco/models.dev/blob/"
	database   = "https://github.com/anomalyco/models.dev/tree/dev/providers/"
	databaseOn = "2026-07-02"
	claude     = "https://platform.claude.com/docs/en/about-claude/pricing"
	claudeOn   = "2026-11-26"
)

// pages are the built-in rows. Prices are those of the standard tier: batches, flex and
// priority cost otherwise, and so do fees for searches. A price that depends on the hour
// is the dearer one.
var pages = [...]page{
	{"openai", openAI + "gpt-6.2-sol", readOn, []row{
		{"gpt-6.2-sol", 1_050_000, 128_000, Text | Image, Tools | Reasoning, []Price{{UpTo: 272_000, Input: 2_000_000, Output: 10_000_000, CachedRead: 100_000, CacheWrite: 2_500_000}, {Input: 4_000_000, Output: 15_000_000, CachedRead: 200_000, CacheWrite: 5_000_000}}},
	}},
	{"openai", stored + "e2f67ad689b593eca60f55be618a3f438468cc43/providers/openai/models/gpt-6-astra.toml", readOn, []row{
		{"gpt-6-astra", 1_050_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 272_000, Input: 10_000_000, Output: 50_000_000, CachedRead: 1_000_000, CacheWrite: 12_500_000}, {Input: 20_000_000, Output: 75_000_000, CachedRead: 2_000_000, CacheWrite: 25_000_000}}},
	}},
	{"openai", database + "openai", databaseOn, []row{
		{"gpt-4.1-mini", 1_047_576, 32_768, Text | Image | Document, Tools | Structured, []Price{{Input: 400_000, Output: 1_600_000, CachedRead: 100_000}}},
		{"gpt-4.1-nano", 1_047_576, 32_768, Text | Image, Tools | Structured, []Price{{Input: 100_000, Output: 400_000, CachedRead: 25_000}}},
		{"gpt-4.1", 1_047_576, 32_768, Text | Image | Document, Tools | Structured, []Price{{Input: 2_000_000, Output: 8_000_000, CachedRead: 500_000}}},
		{"gpt-4o-mini", 128_000, 16_384, Text | Image | Document, Tools | Structured, []Price{{Input: 150_000, Output: 600_000, CachedRead: 75_000}}},
		{"gpt-4o-2024-05-13", 128_000, 4_096, Text | Image | Document, Tools, []Price{{Input: 5_000_000, Output: 15_000_000}}},
		{"gpt-4o", 128_000, 16_384, Text | Image | Document, Tools | Structured, []Price{{Input: 2_500_000, Output: 10_000_000, CachedRead: 1_250_000}}},
		{"gpt-5-codex", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 1_250_000, Output: 10_000_000, CachedRead: 125_000}}},
		{"gpt-5-mini", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 250_000, Output: 2_000_000, CachedRead: 25_000}}},
		{"gpt-5-nano", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 50_000, Output: 400_000, CachedRead: 5_000}}},
		{"gpt-5-pro", 400_000, 272_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 15_000_000, Output: 120_000_000}}},
		{"gpt-5.1-codex-max", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 1_250_000, Output: 10_000_000, CachedRead: 125_000}}},
		{"gpt-5.1-codex-mini", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 250_000, Output: 2_000_000, CachedRead: 25_000}}},
		{"gpt-5.1-codex", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 1_250_000, Output: 10_000_000, CachedRead: 125_000}}},
		{"gpt-5.1", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 1_250_000, Output: 10_000_000, CachedRead: 125_000}}},
		{"gpt-5.2-codex", 400_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 1_750_000, Output: 14_000_000, CachedRead: 175_000}}},
		{"gpt-5.2-pro", 400_000, 128_000, Text | Image, Tools | Reasoning, []Price{{Input: 21_000_000, Output: 168_000_000}}},
		{"gpt-5.2", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 1_750_000, Output: 14_000_000, CachedRead: 175_000}}},
		{"gpt-5.3-codex", 400_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 1_750_000, Output: 14_000_000, CachedRead: 175_000}}},
		{"gpt-5.4-mini", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 750_000, Output: 4_500_000, CachedRead: 75_000}}},
		{"gpt-5.4-nano", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 200_000, Output: 1_250_000, CachedRead: 20_000}}},
		{"gpt-5.4-pro", 1_050_000, 128_000, Text | Image, Tools | Reasoning, []Price{{UpTo: 272_000, Input: 30_000_000, Output: 180_000_000}, {Input: 60_000_000, Output: 270_000_000}}},
		{"gpt-5.4", 1_050_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 272_000, Input: 2_500_000, Output: 15_000_000, CachedRead: 250_000}, {Input: 5_000_000, Output: 22_500_000, CachedRead: 500_000}}},
		{"gpt-5.5-pro", 1_050_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 272_000, Input: 30_000_000, Output: 180_000_000}, {Input: 60_000_000, Output: 270_000_000}}},
		{"gpt-5.5", 1_050_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 272_000, Input: 5_000_000, Output: 30_000_000, CachedRead: 500_000}, {Input: 10_000_000, Output: 45_000_000, CachedRead: 1_000_000}}},
		{"gpt-5", 400_000, 128_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 1_250_000, Output: 10_000_000, CachedRead: 125_000}}},
		{"o1-pro", 200_000, 100_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 150_000_000, Output: 600_000_000}}},
		{"o1", 200_000, 100_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 15_000_000, Output: 60_000_000, CachedRead: 7_500_000}}},
		{"o3-mini", 200_000, 100_000, Text, Tools | Structured | Reasoning, []Price{{Input: 1_100_000, Output: 4_400_000, CachedRead: 550_000}}},
		{"o3-pro", 200_000, 100_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 20_000_000, Output: 80_000_000}}},
		{"o3", 200_000, 100_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 2_000_000, Output: 8_000_000, CachedRead: 500_000}}},
		{"o4-mini", 200_000, 100_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 1_100_000, Output: 4_400_000, CachedRead: 275_000}}},
		{"text-embedding-3-large", 8_191, 0, Text, 0, []Price{{Input: 130_000, Output: 0}}},
		{"text-embedding-3-small", 8_191, 0, Text, 0, []Price{{Input: 20_000, Output: 0}}},
	}},
	{"anthropic", claude, claudeOn, []row{
		{"claude-fable-5-1", 1_000_000, 0, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 10_000_000, Output: 50_000_000, CachedRead: 250_000, CacheWrite: 12_500_000}}},
		{"claude-fable-5", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 10_000_000, Output: 50_000_000, CachedRead: 1_000_000, CacheWrite: 12_500_000}}},
		{"claude-opus-5-5", 1_000_000, 0, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 4_000_000, Output: 20_000_000, CachedRead: 200_000, CacheWrite: 5_000_000}}},
		{"claude-opus-5", 1_000_000, 0, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"claude-opus-4-8", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"claude-opus-4-7", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"claude-opus-4-6", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"claude-opus-4-5", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"claude-opus-4-1", 200_000, 32_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 15_000_000, Output: 75_000_000, CachedRead: 1_500_000, CacheWrite: 18_750_000}}},
		{"claude-sonnet-5-5", 1_000_000, 0, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 2_000_000, Output: 10_000_000, CachedRead: 100_000, CacheWrite: 2_500_000}}},
		{"claude-sonnet-5", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 2_000_000, Output: 10_000_000, CachedRead: 200_000, CacheWrite: 2_500_000}}},
		{"claude-sonnet-4-6", 1_000_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}}},
		{"claude-sonnet-4-5", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}}},
		{"claude-haiku-5-5", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 100_000, Input: 100_000, Output: 500_000, CachedRead: 10_000, CacheWrite: 125_000}, {Input: 500_000, Output: 2_500_000, CachedRead: 50_000, CacheWrite: 625_000}}},
		{"claude-haiku-4-5", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 1_000_000, Output: 5_000_000, CachedRead: 100_000, CacheWrite: 1_250_000}}},
	}},
	{"gemini", database + "google", databaseOn, []row{
		{"gemini-2.0-flash-lite", 1_048_576, 8_192, Text | Image | Audio | Video | Document, Tools | Structured, []Price{{Input: 75_000, Output: 300_000}}},
		{"gemini-2.0-flash", 1_048_576, 8_192, Text | Image | Audio | Video | Document, Tools | Structured, []Price{{Input: 100_000, Output: 400_000, CachedRead: 25_000}}},
		{"gemini-2.5-flash-lite", 1_048_576, 65_536, Text | Image | Audio | Video | Document, Tools | Structured | Reasoning, []Price{{Input: 100_000, Output: 400_000, CachedRead: 10_000}}},
		{"gemini-2.5-flash", 1_048_576, 65_536, Text | Image | Audio | Video | Document, Tools | Structured | Reasoning, []Price{{Input: 300_000, Output: 2_500_000, CachedRead: 30_000}}},
		{"gemini-2.5-pro", 1_048_576, 65_536, Text | Image | Audio | Video | Document, Tools | Structured | Reasoning, []Price{{UpTo: 200_000, Input: 1_250_000, Output: 10_000_000, CachedRead: 125_000}, {Input: 2_500_000, Output: 15_000_000, CachedRead: 250_000}}},
		{"gemini-3-flash-preview", 1_048_576, 65_536, Text | Image | Video | Audio | Document, Tools | Structured | Reasoning, []Price{{Input: 500_000, Output: 3_000_000, CachedRead: 50_000}}},
		{"gemini-3-pro-preview", 1_048_576, 65_536, Text | Image | Video | Audio | Document, Tools | Structured | Reasoning, []Price{{UpTo: 200_000, Input: 2_000_000, Output: 12_000_000, CachedRead: 200_000}, {Input: 4_000_000, Output: 18_000_000, CachedRead: 400_000}}},
		{"gemini-3.1-flash-lite-preview", 1_048_576, 65_536, Text | Image | Video | Audio | Document, Tools | Structured | Reasoning, []Price{{Input: 250_000, Output: 1_500_000, CachedRead: 25_000}}},
		{"gemini-3.1-flash-lite", 1_048_576, 65_536, Text | Image | Video | Audio | Document, Tools | Structured | Reasoning, []Price{{Input: 250_000, Output: 1_500_000, CachedRead: 25_000}}},
		{"gemini-3.1-pro-preview", 1_048_576, 65_536, Text | Image | Video | Audio | Document, Tools | Structured | Reasoning, []Price{{UpTo: 200_000, Input: 2_000_000, Output: 12_000_000, CachedRead: 200_000}, {Input: 4_000_000, Output: 18_000_000, CachedRead: 400_000}}},
		{"gemini-3.5-flash", 1_048_576, 65_536, Text | Image | Video | Audio | Document, Tools | Structured | Reasoning, []Price{{Input: 1_500_000, Output: 9_000_000, CachedRead: 150_000}}},
		{"gemini-embedding-001", 2_048, 0, Text, 0, []Price{{Input: 150_000, Output: 0}}},
	}},
	{"mistral", database + "mistral", databaseOn, []row{
		{"codestral-latest", 256_000, 4_096, Text, Tools, []Price{{Input: 300_000, Output: 900_000}}},
		{"devstral-2512", 262_144, 262_144, Text, Tools, []Price{{Input: 400_000, Output: 2_000_000}}},
		{"devstral-latest", 262_144, 262_144, Text, Tools, []Price{{Input: 400_000, Output: 2_000_000}}},
		{"devstral-medium-latest", 262_144, 262_144, Text, Tools, []Price{{Input: 400_000, Output: 2_000_000}}},
		{"magistral-medium-latest", 128_000, 16_384, Text, Tools | Reasoning, []Price{{Input: 2_000_000, Output: 5_000_000}}},
		{"magistral-small", 128_000, 128_000, Text, Tools | Reasoning, []Price{{Input: 500_000, Output: 1_500_000}}},
		{"ministral-3b-latest", 128_000, 128_000, Text, Tools, []Price{{Input: 40_000, Output: 40_000}}},
		{"ministral-8b-latest", 128_000, 128_000, Text, Tools, []Price{{Input: 100_000, Output: 100_000}}},
		{"mistral-embed", 8_000, 0, Text, 0, []Price{{Input: 100_000, Output: 0}}},
		{"mistral-large-2512", 262_144, 262_144, Text | Image, Tools, []Price{{Input: 500_000, Output: 1_500_000}}},
		{"mistral-large-latest", 262_144, 262_144, Text | Image, Tools, []Price{{Input: 500_000, Output: 1_500_000}}},
		{"mistral-medium-2508", 262_144, 262_144, Text | Image, Tools, []Price{{Input: 400_000, Output: 2_000_000}}},
		{"mistral-medium-2604", 262_144, 262_144, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 1_500_000, Output: 7_500_000}}},
		{"mistral-medium-latest", 262_144, 262_144, Text | Image, Tools, []Price{{Input: 400_000, Output: 2_000_000}}},
		{"mistral-nemo", 128_000, 128_000, Text, Tools, []Price{{Input: 150_000, Output: 150_000}}},
		{"mistral-small-2506", 128_000, 16_384, Text | Image, Tools, []Price{{Input: 100_000, Output: 300_000}}},
		{"mistral-small-2603", 256_000, 256_000, Text | Image, Tools | Reasoning, []Price{{Input: 150_000, Output: 600_000}}},
		{"mistral-small-latest", 256_000, 256_000, Text | Image, Tools | Reasoning, []Price{{Input: 150_000, Output: 600_000}}},
		{"open-mistral-nemo", 128_000, 128_000, Text, Tools, []Price{{Input: 150_000, Output: 150_000}}},
	}},
	{"cohere", database + "cohere", databaseOn, []row{
		{"command-a-03-2025", 256_000, 8_000, Text, Tools, []Price{{Input: 2_500_000, Output: 10_000_000}}},
		{"command-a-plus-05-2026", 128_000, 64_000, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 2_500_000, Output: 10_000_000}}},
		{"command-a-reasoning-08-2025", 256_000, 32_000, Text, Tools | Reasoning, []Price{{Input: 2_500_000, Output: 10_000_000}}},
		{"command-a-vision-07-2025", 128_000, 8_000, Text | Image, 0, []Price{{Input: 2_500_000, Output: 10_000_000}}},
		{"command-r-08-2024", 128_000, 4_000, Text, Tools, []Price{{Input: 150_000, Output: 600_000}}},
		{"command-r-plus-08-2024", 128_000, 4_000, Text, Tools, []Price{{Input: 2_500_000, Output: 10_000_000}}},
		{"command-r7b-12-2024", 128_000, 4_000, Text, Tools, []Price{{Input: 37_500, Output: 150_000}}},
		{"command-r7b-arabic-02-2025", 128_000, 4_000, Text, Tools, []Price{{Input: 37_500, Output: 150_000}}},
	}},
	{"deepseek", stored + "23c42445a033e7bc6c4a6bf21a8e47fdf1aacb66/providers/deepseek/models/deepseek-flash.toml", "2026-09-10", []row{
		{"deepseek-flash", 1_000_000, 393_216, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 300_000, Output: 1_200_000, CachedRead: 6_000}}},
		{"deepseek-v4-flash", 1_000_000, 393_216, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 300_000, Output: 1_200_000, CachedRead: 6_000}}},
		{"deepseek-v4-flash-vision-exp", 1_000_000, 393_216, Text | Image, Tools | Structured | Reasoning, []Price{{Input: 300_000, Output: 1_200_000, CachedRead: 6_000}}},
	}},
	{"deepseek", stored + "2b3ef3b67d7da177b10fc77b4c0ff91a455428cd/providers/deepseek/models/deepseek-v4-pro.toml", "2026-08-17", []row{
		{"deepseek-v4-pro", 1_048_576, 384_000, Text, Tools | Structured | Reasoning, []Price{{Input: 1_320_000, Output: 3_960_000, CachedRead: 44_000}}},
	}},
	{"groq", stored + "b035760ce44702cbe962d575790ca4dfe841a1c8/providers/groq/models/qwen/qwen3.8-27b.toml", "2026-08-29", []row{
		{"qwen/qwen3.8-27b", 131_042, 16_384, Text | Image, Reasoning, []Price{{Input: 800_000, Output: 4_000_000, CachedRead: 400_000}}},
	}},
	{"groq", database + "groq", databaseOn, []row{
		{"llama-3.1-8b-instant", 131_072, 131_072, Text, Tools, []Price{{Input: 50_000, Output: 80_000}}},
		{"llama-3.3-70b-versatile", 131_072, 32_768, Text, Tools, []Price{{Input: 590_000, Output: 790_000}}},
		{"meta-llama/llama-4-scout-17b-16e-instruct", 131_072, 8_192, Text | Image, Tools | Structured, []Price{{Input: 110_000, Output: 340_000}}},
		{"openai/gpt-oss-120b", 131_072, 65_536, Text, Tools | Structured | Reasoning, []Price{{Input: 150_000, Output: 600_000, CachedRead: 75_000}}},
		{"openai/gpt-oss-20b", 131_072, 65_536, Text, Tools | Structured | Reasoning, []Price{{Input: 75_000, Output: 300_000, CachedRead: 37_500}}},
		{"qwen/qwen3-32b", 131_072, 40_960, Text, Tools | Reasoning, []Price{{Input: 290_000, Output: 590_000}}},
	}},
	{"xai", stored + "c8249f138322f68aa6dd7beed34ca0a27fc78ccf/providers/xai/models/grok-4.7.toml", readOn, []row{
		{"grok-4.7", 500_000, 500_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 200_000, Input: 2_000_000, Output: 6_000_000, CachedRead: 500_000}, {Input: 4_000_000, Output: 12_000_000, CachedRead: 1_000_000}}},
	}},
	{"xai", stored + "e23d24b5f6794d41127c9709c95f87950abf5953/providers/xai/models/grok-4.6.toml", readOn, []row{
		{"grok-4.6", 500_000, 500_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 200_000, Input: 2_000_000, Output: 6_000_000, CachedRead: 500_000}, {Input: 4_000_000, Output: 12_000_000, CachedRead: 1_000_000}}},
	}},
	{"xai", stored + "4772f8992e75d2cc8adf9e713c4f09fd11fcbc7d/providers/xai/models/grok-4.5.toml", readOn, []row{
		{"grok-4.5", 500_000, 500_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 200_000, Input: 2_000_000, Output: 6_000_000, CachedRead: 500_000}, {Input: 4_000_000, Output: 12_000_000, CachedRead: 1_000_000}}},
	}},
	{"xai", database + "xai", databaseOn, []row{
		{"grok-4.20-0309-non-reasoning", 1_000_000, 30_000, Text | Image | Document, Tools | Structured, []Price{{UpTo: 200_000, Input: 1_250_000, Output: 2_500_000, CachedRead: 200_000}, {Input: 2_500_000, Output: 5_000_000, CachedRead: 400_000}}},
		{"grok-4.20-0309-reasoning", 1_000_000, 30_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 200_000, Input: 1_250_000, Output: 2_500_000, CachedRead: 200_000}, {Input: 2_500_000, Output: 5_000_000, CachedRead: 400_000}}},
		{"grok-4.3", 1_000_000, 30_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 200_000, Input: 1_250_000, Output: 2_500_000, CachedRead: 200_000}, {Input: 2_500_000, Output: 5_000_000, CachedRead: 400_000}}},
		{"grok-build-0.1", 256_000, 256_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{UpTo: 200_000, Input: 1_000_000, Output: 2_000_000, CachedRead: 200_000}, {Input: 2_000_000, Output: 4_000_000, CachedRead: 400_000}}},
	}},
	{"perplexity", database + "perplexity", databaseOn, []row{
		{"sonar-deep-research", 128_000, 32_768, Text, Reasoning, []Price{{Input: 2_000_000, Output: 8_000_000, Reasoning: 3_000_000}}},
		{"sonar-pro", 200_000, 8_192, Text | Image, 0, []Price{{Input: 3_000_000, Output: 15_000_000}}},
		{"sonar-reasoning-pro", 128_000, 4_096, Text | Image, Reasoning, []Price{{Input: 2_000_000, Output: 8_000_000}}},
		{"sonar", 128_000, 4_096, Text, 0, []Price{{Input: 1_000_000, Output: 1_000_000}}},
	}},
	{"moonshot", stored + "4627ad238eca2d8bc9e10f8e0886440706db5379/providers/moonshotai/models/kimi-k3.toml", "2026-07-17", []row{
		{"kimi-k3", 1_048_576, 1_048_576, Text | Image | Video, Tools | Structured | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000}}},
	}},
	{"moonshot", database + "moonshotai", databaseOn, []row{
		{"kimi-k2-thinking-turbo", 262_144, 262_144, Text, Tools | Reasoning, []Price{{Input: 1_150_000, Output: 8_000_000, CachedRead: 150_000}}},
		{"kimi-k2-thinking", 262_144, 262_144, Text, Tools | Reasoning, []Price{{Input: 600_000, Output: 2_500_000, CachedRead: 150_000}}},
		{"kimi-k2.5", 262_144, 262_144, Text | Image | Video, Tools | Structured | Reasoning, []Price{{Input: 600_000, Output: 3_000_000, CachedRead: 100_000}}},
		{"kimi-k2.6", 262_144, 262_144, Text | Image | Video, Tools | Structured | Reasoning, []Price{{Input: 950_000, Output: 4_000_000, CachedRead: 160_000}}},
		{"kimi-k2.7-code-highspeed", 262_144, 262_144, Text | Image | Video, Tools | Structured | Reasoning, []Price{{Input: 1_900_000, Output: 8_000_000, CachedRead: 380_000}}},
		{"kimi-k2.7-code", 262_144, 262_144, Text | Image | Video, Tools | Structured | Reasoning, []Price{{Input: 950_000, Output: 4_000_000, CachedRead: 190_000}}},
	}},
	{"cerebras", database + "cerebras", databaseOn, []row{
		{"gpt-oss-120b", 131_072, 40_960, Text, Tools | Structured | Reasoning, []Price{{Input: 350_000, Output: 750_000}}},
		{"zai-glm-4.7", 131_072, 40_960, Text, Tools | Structured | Reasoning, []Price{{Input: 2_250_000, Output: 2_750_000}}},
	}},
	{"minimax", database + "minimax", databaseOn, []row{
		{"MiniMax-M2.1", 204_800, 131_072, Text, Tools | Reasoning, []Price{{Input: 300_000, Output: 1_200_000}}},
		{"MiniMax-M2.5-highspeed", 204_800, 131_072, Text, Tools | Reasoning, []Price{{Input: 600_000, Output: 2_400_000, CachedRead: 60_000, CacheWrite: 375_000}}},
		{"MiniMax-M2.5", 204_800, 131_072, Text, Tools | Reasoning, []Price{{Input: 300_000, Output: 1_200_000, CachedRead: 30_000, CacheWrite: 375_000}}},
		{"MiniMax-M2.7-highspeed", 204_800, 131_072, Text, Tools | Reasoning, []Price{{Input: 600_000, Output: 2_400_000, CachedRead: 60_000, CacheWrite: 375_000}}},
		{"MiniMax-M2.7", 204_800, 131_072, Text, Tools | Reasoning, []Price{{Input: 300_000, Output: 1_200_000, CachedRead: 60_000, CacheWrite: 375_000}}},
		{"MiniMax-M3", 1_000_000, 128_000, Text | Image | Video, Tools | Reasoning, []Price{{UpTo: 512_000, Input: 300_000, Output: 1_200_000, CachedRead: 60_000}, {Input: 600_000, Output: 2_400_000, CachedRead: 120_000}}},
	}},
	{"bedrock", database + "amazon-bedrock", databaseOn, []row{
		{"amazon.nova-2-lite-v1:0", 128_000, 4_096, Text | Image | Video, Tools | Reasoning, []Price{{Input: 330_000, Output: 2_750_000}}},
		{"amazon.nova-lite-v1:0", 300_000, 8_192, Text | Image | Video, Tools, []Price{{Input: 60_000, Output: 240_000, CachedRead: 15_000}}},
		{"amazon.nova-micro-v1:0", 128_000, 8_192, Text, Tools, []Price{{Input: 35_000, Output: 140_000, CachedRead: 8_750}}},
		{"amazon.nova-pro-v1:0", 300_000, 8_192, Text | Image | Video, Tools, []Price{{Input: 800_000, Output: 3_200_000, CachedRead: 200_000}}},
		{"anthropic.claude-haiku-4-5-20251001-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 1_000_000, Output: 5_000_000, CachedRead: 100_000, CacheWrite: 1_250_000}}},
		{"anthropic.claude-opus-4-1-20250805-v1:0", 200_000, 32_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 15_000_000, Output: 75_000_000, CachedRead: 1_500_000, CacheWrite: 18_750_000}}},
		{"anthropic.claude-opus-4-5-20251101-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"anthropic.claude-opus-4-6-v1", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"anthropic.claude-opus-4-7", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"anthropic.claude-opus-4-8", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}}},
		{"anthropic.claude-sonnet-4-6", 1_000_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}}},
		{"anthropic.claude-sonnet-5", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 2_000_000, Output: 10_000_000, CachedRead: 200_000, CacheWrite: 2_500_000}}},
		{"eu.anthropic.claude-fable-5", 1_000_000, 128_000, Text | Image, Tools | Reasoning, []Price{{Input: 11_000_000, Output: 55_000_000, CachedRead: 1_100_000, CacheWrite: 13_750_000}}},
		{"eu.anthropic.claude-haiku-4-5-20251001-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 1_100_000, Output: 5_500_000, CachedRead: 110_000, CacheWrite: 1_375_000}}},
		{"eu.anthropic.claude-opus-4-5-20251101-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_500_000, Output: 27_500_000, CachedRead: 550_000, CacheWrite: 6_875_000}}},
		{"eu.anthropic.claude-opus-4-6-v1", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_500_000, Output: 27_500_000, CachedRead: 550_000, CacheWrite: 6_875_000}}},
		{"eu.anthropic.claude-opus-4-7", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 5_500_000, Output: 27_500_000, CachedRead: 550_000, CacheWrite: 6_875_000}}},
		{"eu.anthropic.claude-opus-4-8", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 5_500_000, Output: 27_500_000, CachedRead: 550_000, CacheWrite: 6_875_000}}},
		{"eu.anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 3_300_000, Output: 16_500_000, CachedRead: 330_000, CacheWrite: 4_125_000}}},
		{"eu.anthropic.claude-sonnet-4-6", 1_000_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 3_300_000, Output: 16_500_000, CachedRead: 330_000, CacheWrite: 4_125_000}}},
		{"eu.anthropic.claude-sonnet-5", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 2_200_000, Output: 11_000_000, CachedRead: 220_000, CacheWrite: 2_750_000}}},
		{"global.anthropic.claude-fable-5", 1_000_000, 128_000, Text | Image, Tools | Reasoning, []Price{{Input: 10_000_000, Output: 50_000_000, CachedRead: 1_000_000, CacheWrite: 12_500_000}}},
		{"global.anthropic.claude-haiku-4-5-20251001-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 1_000_000, Output: 5_000_000, CachedRead: 100_000, CacheWrite: 1_250_000}}},
		{"global.anthropic.claude-opus-4-5-20251101-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"global.anthropic.claude-opus-4-6-v1", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"global.anthropic.claude-opus-4-7", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"global.anthropic.claude-opus-4-8", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"global.anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}}},
		{"global.anthropic.claude-sonnet-4-6", 1_000_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}}},
		{"global.anthropic.claude-sonnet-5", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 2_000_000, Output: 10_000_000, CachedRead: 200_000, CacheWrite: 2_500_000}}},
		{"us.anthropic.claude-fable-5", 1_000_000, 128_000, Text | Image, Tools | Reasoning, []Price{{Input: 10_000_000, Output: 50_000_000, CachedRead: 1_000_000, CacheWrite: 12_500_000}}},
		{"us.anthropic.claude-haiku-4-5-20251001-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 1_000_000, Output: 5_000_000, CachedRead: 100_000, CacheWrite: 1_250_000}}},
		{"us.anthropic.claude-opus-4-1-20250805-v1:0", 200_000, 32_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 15_000_000, Output: 75_000_000, CachedRead: 1_500_000, CacheWrite: 18_750_000}}},
		{"us.anthropic.claude-opus-4-5-20251101-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"us.anthropic.claude-opus-4-6-v1", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"us.anthropic.claude-opus-4-7", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"us.anthropic.claude-opus-4-8", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"us.anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}}},
		{"us.anthropic.claude-sonnet-4-6", 1_000_000, 64_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}}},
		{"us.anthropic.claude-sonnet-5", 1_000_000, 128_000, Text | Image | Document, Tools | Structured | Reasoning, []Price{{Input: 2_000_000, Output: 10_000_000, CachedRead: 200_000, CacheWrite: 2_500_000}}},
	}},
	{"vertex", database + "google-vertex", databaseOn, []row{
		{"claude-3-5-haiku@20241022", 200_000, 8_192, Text | Image | Document, Tools, []Price{{Input: 800_000, Output: 4_000_000, CachedRead: 80_000, CacheWrite: 1_000_000}}},
		{"claude-haiku-4-5@20251001", 200_000, 64_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 1_000_000, Output: 5_000_000, CachedRead: 100_000, CacheWrite: 1_250_000}}},
		{"claude-opus-4-1@20250805", 200_000, 32_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 15_000_000, Output: 75_000_000, CachedRead: 1_500_000, CacheWrite: 18_750_000}}},
		{"claude-opus-4-5@20251101", 200_000, 64_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}}},
		{"claude-opus-4-6@default", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{UpTo: 200_000, Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}, {Input: 10_000_000, Output: 37_500_000, CachedRead: 1_000_000, CacheWrite: 12_500_000}}},
		{"claude-opus-4-7@default", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{UpTo: 200_000, Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}, {Input: 10_000_000, Output: 37_500_000, CachedRead: 1_000_000, CacheWrite: 12_500_000}}},
		{"claude-opus-4-8@default", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{UpTo: 200_000, Input: 5_000_000, Output: 25_000_000, CachedRead: 500_000, CacheWrite: 6_250_000}, {Input: 10_000_000, Output: 37_500_000, CachedRead: 1_000_000, CacheWrite: 12_500_000}}},
		{"claude-opus-4@20250514", 200_000, 32_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 15_000_000, Output: 75_000_000, CachedRead: 1_500_000, CacheWrite: 18_750_000}}},
		{"claude-sonnet-4-5@20250929", 200_000, 64_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}}},
		{"claude-sonnet-4-6@default", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{UpTo: 200_000, Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}, {Input: 6_000_000, Output: 22_500_000, CachedRead: 600_000, CacheWrite: 7_500_000}}},
		{"claude-sonnet-4@20250514", 200_000, 64_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 3_000_000, Output: 15_000_000, CachedRead: 300_000, CacheWrite: 3_750_000}}},
		{"claude-sonnet-5@default", 1_000_000, 128_000, Text | Image | Document, Tools | Reasoning, []Price{{Input: 2_000_000, Output: 10_000_000, CachedRead: 200_000, CacheWrite: 2_500_000}}},
		{"gemini-2.5-flash-lite", 1_048_576, 65_536, Text | Image | Audio | Video | Document, Tools | Structured | Reasoning, []Price{{Input: 100_000, Output: 400_000, CachedRead: 10_000}}},
		{"gemini-2.5-flash", 1_048_576, 65_536, Text | Image | Audio | Video | Document, Tools | Reasoning, []Price{{Input: 300_000, Output: 2_500_000, CachedRead: 75_000, CacheWrite: 383_000}}},
		{"gemini-2.5-pro", 1_048_576, 65_536, Text | Image | Audio | Video | Document, Tools | Structured | Reasoning, []Price{{UpTo: 200_000, Input: 1_250_000, Output: 10_000_000, CachedRead: 125_000}, {Input: 2_500_000, Output: 15_000_000, CachedRead: 250_000}}},
		{"gemini-3.1-flash-lite", 1_048_576, 65_536, Text | Image | Video | Audio | Document, Tools | Structured | Reasoning, []Price{{Input: 250_000, Output: 1_500_000, CachedRead: 25_000}}},
		{"gemini-3.5-flash", 1_048_576, 65_536, Text | Image | Video | Audio | Document, Tools | Structured | Reasoning, []Price{{Input: 1_500_000, Output: 9_000_000, CachedRead: 150_000}}},
	}},
}
