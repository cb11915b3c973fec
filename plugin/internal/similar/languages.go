package similar

// languages are all that there are rules for.
func languages() []*language {
	return []*language{english(), german(), french(), spanish(), italian(), portuguese(), dutch(), chinese(), japanese()}
}

func german() *language {
	return &language{
		name: "de",
		common: `der die das ein eine einen einem einer den dem des ist sind war waren wie was wer wo wann warum wieso weshalb welche welcher welches und oder nicht kein keine
 ich du er sie wir ihr mir mich dir man mein meine meinen von zu zum zur für mit ohne auf aus bei nach über unter zwischen im ins am kann kannst könnte könnten muss soll darf
 in gibt hat haben bitte nenne gib schreibe schreib erkläre hallo danke wird wurde viele viel lange nur auch es`,
		polite: `hallo|guten tag|guten morgen|guten abend|hi|hey|servus|bitte|danke|vielen dank|kannst du|kannst du bitte|kannst du mir|kannst du mir bitte|können sie|können sie bitte|können sie mir|können sie mir bitte
|könntest du|könntest du mir|könntest du bitte|könntest du mir bitte|könnten sie|könnten sie mir|könnten sie bitte|könnten sie mir bitte|würden sie bitte|entschuldigung|ich habe eine frage|kurze frage`,
		asking: `kannst du mir sagen|kannst du mir bitte sagen|können sie mir sagen|können sie mir bitte sagen|könntest du mir sagen|könnten sie mir sagen|könnten sie mir bitte sagen|weißt du|wissen sie|sag mir|sag mir bitte|sagen sie mir|ich möchte wissen|ich möchte gern wissen|ich würde gern wissen|ich würde gerne wissen
|mich interessiert|ich frage mich|erkläre|erkläre mir|erkläre mir bitte|erklär mir|erklär mir bitte|erklären sie|erklären sie mir|erklären sie bitte|erklären sie mir bitte|kannst du erklären|kannst du mir erklären|könntest du mir erklären|könntest du erklären|könnten sie mir erklären|könnten sie mir bitte erklären|kannst du mir bitte erklären|könntest du mir bitte erklären|können sie mir erklären`,
		closing:  `bitte|danke|vielen dank|danke schön|danke im voraus|besten dank`,
		starters: `ist sind kann können darf muss soll gibt hat haben erkläre schreibe schreib nenne gib zeige übersetze liste erstelle empfiehl hilf vergleiche berechne plane finde`,
		asks:     `was wer wen wem wie wo wann warum wieso weshalb welche welcher welches wohin woher wozu ob`,
		frames: `~how: wie kann ich|wie kann man|wie können wir|wie könnte ich|wie man|wie ich
warum: wieso|weshalb|aus welchem grund
wann: in welchem jahr
~is: was ist|was sind
~is unterschied zwischen: was ist der unterschied zwischen|unterschied zwischen|der unterschied zwischen|erkläre den unterschied zwischen|erkläre mir den unterschied zwischen|worin liegt der unterschied zwischen
~many: wie viele|wieviele
~much: wie viel|wieviel
~much kostet: was kostet|wie viel kostet|wieviel kostet
~much kosten: was kosten|wie viel kosten|wieviel kosten
~write: schreibe|schreib|schreibe mir|schreib mir|verfasse|schreiben sie|schreiben sie mir|schreibe bitte|schreib bitte|schreibe mir bitte|schreib mir bitte|verfassen sie|erstelle|erstelle mir
~give: gib mir|gib mir bitte|gib|ich brauche|ich suche|geben sie mir|ich hätte gern|ich hätte gerne
~name: nenne|nenne mir|nenn mir|nennen sie|nennen sie mir|nenne mir bitte|nenne bitte`,
		phrases: ``,
		words: `1: eins
2: zwei
3: drei
4: vier
5: fünf
6: sechs
7: sieben
8: acht
9: neun
10: zehn
11: elf
12: zwölf
13: dreizehn
14: vierzehn
15: fünfzehn
16: sechzehn
17: siebzehn
18: achtzehn
19: neunzehn
20: zwanzig
30: dreißig
40: vierzig
50: fünfzig
60: sechzig
70: siebzig
80: achtzig
90: neunzig
%: prozent
in dem: im
in das: ins
an dem: am
zu dem: zum
zu der: zur
von dem: vom
bei dem: beim`,
		weak:     `ist sind bitte`,
		compares: "alle",
		literal:  `übersetze übersetzen übersetzung übersetzt bedeutet bedeutung heißt heiße heißen wort satz buchstabiere buchstaben synonym reimt reim korrigiere grammatik plural schreibt umformulieren formuliere sagt sagen aussprechen ausgesprochen komma zitat`,
		finish:   finishGerman,
	}
}

// finishGerman has the verb of "how do I" at the end, as behind "how can I".
func finishGerman(n *normaliser) {
	list := n.list
	if len(list) < 3 {
		return
	}
	switch last := list[len(list)-1].text; {
	case list[0].text == "was" && (last == "ist" || last == "sind"): // was ein Virus ist
		list[0] = term{text: "~is"}
		n.list = list[:len(list)-1]
	case list[0].text == "wie" && (list[1].text == "funktioniert" || list[1].text == "funktionieren" || list[1].text == "entsteht" || list[1].text == "entstehen"):
		verb := list[1]
		copy(list[1:], list[2:])
		list[len(list)-1] = verb
	case n.frame == "~how":
		last := &list[len(list)-1]
		last.text = stemGerman(last.text)
	case list[0].text == "wie" && (list[2].text == "ich" || list[2].text == "man") && len(list) > 3:
		verb := list[1]
		switch verb.text {
		case "viel", "viele", "lange", "oft", "weit", "hoch", "alt", "groß", "kann", "muss", "soll", "darf", "will", "bin", "ist", "sehe", "fühle", "habe", "hat", "heiße", "geht":
			return
		}
		verb.text = stemGerman(verb.text)
		copy(list[1:], list[3:])
		list = list[:len(list)-2]
		list[0] = term{text: "~how"}
		switch last := list[len(list)-1].text; last {
		case "ab", "an", "auf", "aus", "ein", "zurück", "um", "zu", "vor", "weg", "her", "hin", "mit", "nach", "los":
			verb.text = last + verb.text
			list[len(list)-1] = verb
		default:
			list = append(list, verb)
		}
		n.list = list
	}
}

// stemGerman is a verb without its person.
func stemGerman(s string) string {
	k := len(s)
	switch {
	case k > 4 && s[k-2:] == "en":
		return s[:k-2]
	case k > 4 && s[k-2:] == "et":
		return s[:k-2]
	case k > 4 && (s[k-1] == 'n' || s[k-1] == 'e' || s[k-1] == 't'):
		return s[:k-1]
	}
	return s
}

func french() *language {
	return &language{
		name: "fr",
		common: `le la les un une des du de et ou est sont était qui que quoi quel quelle quels quelles comment pourquoi quand où combien je tu il elle nous vous ils mon ma mes ton son
 pas ne sans avec pour dans sur par au aux ce cette ces c'est qu'est s'il donne écris explique cite peux peut pouvez pourrais bonjour merci plus moi toi faire fait puis sert`,
		polite:   `bonjour|bonsoir|salut|coucou|merci|s'il te plaît|s'il vous plaît|s'il te plait|s'il vous plait|stp|svp|peux tu|peux tu me|pourrais tu|pourrais tu me|pouvez vous|pouvez vous me|pourriez vous|pourriez vous me|veuillez|j'ai une question|excusez moi`,
		asking:   `peux tu me dire|peux tu m'expliquer|peux tu expliquer|pourrais tu me dire|pourrais tu m'expliquer|pouvez vous me dire|pouvez vous m'expliquer|pourriez vous me dire|pourriez vous m'expliquer|sais tu|savez vous|dis moi|dites moi|explique|explique moi|expliquez|expliquez moi|je voudrais savoir|j'aimerais savoir|je me demande|je veux savoir`,
		closing:  `s'il te plaît|s'il vous plaît|s'il te plait|s'il vous plait|stp|svp|merci|merci beaucoup|merci d'avance`,
		starters: `écris écrire rédige rédiger donne cite explique liste traduis propose décris est sont peut faut raconte résume compare calcule trouve fais`,
		asks:     `qui que quoi quel quelle quels quelles comment pourquoi quand où combien ce qu'`,
		frames: `~how: comment|comment puis je|comment est ce que je peux|comment je peux|comment peut on|comment pourrais je|comment est ce qu' on peut|comment on peut|comment faire pour
~why: pourquoi est ce que|pourquoi|pour quelle raison
~when: en quelle année|quand|quand est ce que
~is: qu'est ce que|qu'est ce qu'|c'est quoi|ce qu'est|ce que c'est que|définis|qu'est ce que c'est que
~is différence entre: quelle est la différence entre|différence entre|la différence entre|explique la différence entre|explique moi la différence entre
~how faire: comment fait on|comment on fait|comment est ce qu' on fait|comment faire|comment puis je faire
~price: combien coûte|combien coûtent|quel est le prix de|quel est le prix d'|quel est le prix du
écrit: qui a écrit|qui est l'auteur de|qui est l'auteur d'
peint: qui a peint|qui est le peintre de
~write: écris|écris moi|écrire|rédige|rédige moi|rédiger|écrivez|rédigez|compose
~give: donne moi|donne|donnez moi|j'aimerais|je voudrais|je cherche|j'ai besoin d'|donner
~name: cite|cite moi|citez|nomme`,
		words: `2: deux
3: trois
4: quatre
5: cinq
6: six
7: sept
8: huit
9: neuf
10: dix
11: onze
12: douze
13: treize
14: quatorze
15: quinze
16: seize
20: vingt
30: trente
40: quarante
50: cinquante
60: soixante
%: pourcent
de le: du
à le: au`,
		weak:     `est sont`,
		compares: "tous",
		literal:  `traduis traduire traduction traduisez signifie phrase dit dire épelle synonyme rime corrige reformule pluriel prononce prononcer appelle appelles conjugue`,
		finish:   finishFrench,
	}
}

// finishFrench has "le ciel est-il bleu" as "le ciel est bleu".
func finishFrench(n *normaliser) {
	for i := 2; i+1 < len(n.list); i++ {
		t := n.list[i].text
		if (t == "est" || t == "sont") && n.list[i-1].token != nil && !n.rules.asks[n.list[i-1].text] {
			switch n.list[i+1].text {
			case "il", "elle", "ils", "elles":
				n.list = append(n.list[:i+1], n.list[i+2:]...)
			}
		}
	}
}

func spanish() *language {
	return &language{
		name: "es",
		common: `el la los las un una unos unas de del y o es son era fue qué que quién quien cuál cual cuáles cómo como por para con sin en sobre dónde donde cuándo cuando cuánto cuántos
 yo tú mi mis tu su me te se no puedo puede puedes podrías dame dime escribe explica explícame hola gracias favor hacer tengo tiene está esta al entre hay más lo`,
		polite:   `hola|buenos días|buenas tardes|buenas noches|por favor|gracias|puedes|me puedes|podrías|me podrías|puede|podría|puede usted|tengo una pregunta|disculpa|disculpe|perdón`,
		asking:   `me puedes decir|puedes decirme|podrías decirme|me podrías decir|me puedes explicar|puedes explicarme|podrías explicarme|me podrías explicar|puede decirme|podría decirme|podría explicarme|sabes|sabe usted|dime|explica|explícame|explicame|quiero saber|quisiera saber|me gustaría saber|me pregunto|puedes explicar|podrías explicar`,
		closing:  `por favor|gracias|muchas gracias|gracias de antemano`,
		starters: `escribe escribir escribeme escríbeme dame dime explica enumera nombra traduce recomienda resume compara calcula es son hay está puedo puede debo haz crea`,
		asks:     `qué que quién quien quiénes cuál cual cuáles cuales cómo como por dónde donde cuándo cuando cuánto cuanto cuántos cuantos cuántas si`,
		frames: `~how: cómo puedo|como puedo|cómo se puede|como se puede|cómo podría|cómo|como|cómo se|como se
~why: por qué|por que|porque|porqué
~when: en qué año|cuándo|cuando|en que año
~is: qué es|que es|qué son|que son|define|qué significa ser
~which: cuál es|cual es|cuáles son|cuales son
~where está: dónde está|donde está|donde esta|dónde esta
~where: dónde|donde
~is diferencia entre: cuál es la diferencia entre|diferencia entre|la diferencia entre|explica la diferencia entre|explícame la diferencia entre
~how hacer: cómo se hace|como se hace|cómo hago|como hago|cómo hacer|como hacer|cómo puedo hacer|cómo se hacen
~price: cuánto cuesta|cuanto cuesta|cuál es el precio de|cual es el precio de|cuánto vale
escribió: quién escribió|quién es el autor de|quien escribió
pintó: quién pintó|quién es el pintor de
~write: escribe|escribe me|escríbeme|escribir|redacta|escriba
~give: dame|necesito|quiero|quisiera|me gustaría|busco
~name: dime|nombra|enumera|cita`,
		phrases: ``,
		words: `1: uno
2: dos
3: tres
4: cuatro
5: cinco
6: seis
7: siete
8: ocho
9: nueve
10: diez
11: once
12: doce
13: trece
14: catorce
15: quince
20: veinte
30: treinta
40: cuarenta
50: cincuenta
de el: del`,
		weak:     `es son`,
		compares: "todos",
		literal:  `traduce traducir traducción significa palabra frase dice decir deletrea sinónimo rima corrige plural pronuncia llamas llamo llama`,
	}
}

func italian() *language {
	return &language{
		name: "it",
		common: `il lo la i gli le un uno una di del della dei e o è sono era chi che cosa quale quali qual come perché dove quando quanto quanti io tu mi ti si non posso puoi può
 per con senza su sul nel da al scrivi dammi spiega spiegami ciao grazie favore fare fa ha mia mio cos'è più potresti`,
		polite:   `ciao|buongiorno|buonasera|salve|per favore|grazie|puoi|potresti|può|potrebbe|mi puoi|mi potresti|scusa`,
		asking:   `puoi dirmi|potresti dirmi|mi puoi dire|mi sai dire|sai|sai dirmi|dimmi|spiega|spiegami|mi spieghi|puoi spiegarmi|potresti spiegarmi|vorrei sapere|mi chiedo|puoi spiegare`,
		closing:  `per favore|grazie|grazie mille|per piacere`,
		starters: `scrivi dammi dimmi spiega elenca traduci consiglia riassumi è sono posso può devo crea`,
		asks:     `chi che cosa cos' quale quali qual come perché dove quando quanto quanti quanta se`,
		frames: `~how: come posso|come si può|come potrei|come|come si|come faccio a
~is: cos' è|che cos' è|cosa è|che cosa è|che cosa sono|cosa sono
~is differenza tra: qual è la differenza tra|differenza tra|spiega la differenza tra|qual è la differenza fra
~how fare: come si fa|come faccio|come fare|come posso fare|come si fanno
~write: scrivi|scrivi mi|scrivimi|scrivere
~give: dammi|ho bisogno di|vorrei|cerco`,
		words: `2: due
3: tre
4: quattro
5: cinque
6: sei
7: sette
8: otto
9: nove
10: dieci
12: dodici
20: venti`,
		weak:    `è sono`,
		literal: `traduci tradurre traduzione significa parola frase dice dire sinonimo rima correggi plurale pronuncia chiami chiamo`,
	}
}

func portuguese() *language {
	return &language{
		name: "pt",
		common: `o os um uma uns de do da dos das e ou é são era foi que quem qual quais como por porque onde quando quanto quantos eu você voce meu minha seu não posso pode
 para com sem em no na nos nas sobre escreva explique olá obrigado obrigada favor fazer tem está ao dê me mais`,
		polite:   `olá|oi|bom dia|boa tarde|boa noite|por favor|obrigado|obrigada|você pode|você pode me|você poderia|pode|poderia|pode me|poderia me`,
		asking:   `você pode me dizer|você pode dizer|pode me dizer|poderia me dizer|você poderia me dizer|você sabe|sabe|me diga|diga me|explique|me explique|explique me|gostaria de saber|quero saber|você pode explicar|você pode me explicar|pode explicar`,
		closing:  `por favor|obrigado|obrigada|muito obrigado|muito obrigada`,
		starters: `escreva explique liste traduza recomende resuma é são posso pode devo crie me dê`,
		asks:     `quem que qual quais como por onde quando quanto quantos quantas se o`,
		frames: `~how: como posso|como eu posso|como se pode|como eu poderia|como|como faço para
~why: por que|por quê|porque
~is: o que é|o que são|que é
~is diferença entre: qual é a diferença entre|diferença entre|explique a diferença entre|qual a diferença entre
~write: escreva|escreva me|escrever
~give: me dê|dê me|preciso de|quero`,
		words: `2: dois|duas
3: três
4: quatro
5: cinco
6: seis
7: sete
8: oito
9: nove
10: dez
12: doze
20: vinte`,
		weak:    `é são`,
		literal: `traduza traduzir tradução significa palavra frase diz dizer sinônimo rima corrija plural pronuncia chama chamo`,
	}
}

func dutch() *language {
	return &language{
		name: "nl",
		common: `de het een is zijn was wat wie hoe waar wanneer waarom welke en of niet geen ik jij je hij wij mijn van naar voor met zonder op uit bij over tussen kan kun kunt
 moet mag schrijf geef noem leg uitleggen hallo dank alstublieft alsjeblieft wordt worden heeft`,
		polite:   `hallo|hoi|goedemorgen|goedendag|alsjeblieft|alstublieft|dank je|dank u|bedankt|kun je|kunt u|zou je|kun je me`,
		asking:   `kun je me vertellen|kun je uitleggen|kun je me uitleggen|kunt u uitleggen|kunt u mij vertellen|weet je|vertel me|leg uit|ik wil weten|ik vraag me af`,
		closing:  `alsjeblieft|alstublieft|dank je|dank u|bedankt`,
		starters: `is zijn kan kun mag moet schrijf geef noem vertaal leg maak`,
		asks:     `wat wie hoe waar wanneer waarom welke of`,
		frames: `~how: hoe kan ik|hoe kan je|hoe kun je|hoe kunnen we|hoe kan men
~is: wat is|wat zijn
~write: schrijf
~give: geef me|geef mij|ik wil`,
		words: `2: twee
3: drie
4: vier
5: vijf
6: zes
7: zeven
8: acht
9: negen
10: tien`,
		weak:    `is`,
		literal: `vertaal vertalen vertaling betekent woord zin zeg synoniem rijmt spel verbeter meervoud`,
	}
}

func chinese() *language {
	return &language{
		name:     "zh",
		polite:   `请|请问|你好|您好|谢谢|麻烦你|帮我|请帮我|能不能帮我|能帮我|可以帮我|你能帮我|你可以帮我|你能|你能否|能否|请你|劳驾|早上好|下午好|晚上好`,
		asking:   `你能告诉我|你可以告诉我|请告诉我|告诉我|能告诉我|可以告诉我|你知道|请问你知道|我想知道|我想问|我想问一下|请解释一下|解释一下|请解释|解释|请说明|说明|你能解释|你能解释一下|请你解释一下`,
		closing:  `谢谢|多谢|谢谢你|谢谢您`,
		starters: `写 给 推 介 列 翻 比 总 做 画 帮 解 说 什 为 怎 如 哪 谁 多 几`,
		asks:     `什么|为什么|为何|怎么|怎样|如何|哪|哪里|谁|多少|几`,
		frames: `~is: 什么是|什么叫|什么叫做|解释|解释一下|请解释一下|请解释|何为|何谓|介绍一下什么是
介绍: 介绍一下|请介绍一下|请介绍|给我介绍一下|介绍
给我: 给我|请给我
写: 写|请写|给我写|请给我写
推荐: 推荐|请推荐|给我推荐|请给我推荐|帮我推荐`,
		endings: `~is: 是什么|是啥|是什么意思|指的是什么|是指什么`,
		phrases: `怎么: 如何|怎样|怎么样才能|如何才能|怎么才能|怎样才能|怎么样
为什么: 为何|为啥|为甚么
哪里: 哪儿|何处|什么地方
什么: 啥`,
		words: `3: 三
4: 四
5: 五
6: 六
7: 七
8: 八
9: 九
2: 二|两`,
		weak:    `吗 呢 啊 呀 吧 是`,
		literal: ``,
		finish:  finishChinese,
	}
}

// finishChinese has why in front, and takes numbers of several characters back to those.
func finishChinese(n *normaliser) {
	for i := 1; i+2 < len(n.list); i++ {
		if n.list[i].text == "为" && n.list[i+1].text == "什" && n.list[i+2].text == "么" {
			why := [3]term(n.list[i : i+3])
			copy(n.list[3:], n.list[:i])
			copy(n.list, why[:])
			break
		}
	}
	const more = "十百千万亿零〇点"
	for i := range n.list {
		t := &n.list[i]
		if t.token == nil || !t.token.is(dense) || t.token.kind != word {
			continue
		}
		for _, at := range [...]int{i - 1, i + 1} {
			if at >= 0 && at < len(n.list) && n.list[at].token != nil && containsDense(more, n.list[at].text) {
				if raw := string(t.token.raw); len(t.text) == 1 {
					t.text = raw
				}
			}
		}
	}
}

func containsDense(all, one string) bool {
	for i := 0; i+3 <= len(all); i += 3 {
		if all[i:i+3] == one {
			return true
		}
	}
	return false
}

func japanese() *language {
	return &language{
		name:    "ja",
		polite:  `こんにちは|すみません`,
		asking:  ``,
		closing: `ありがとうございます|お願いします|教えてください|を教えてください|教えて|を教えて`,
		endings: `~is: とは何ですか|とは何|とは|って何ですか|って何|とはなんですか`,
	}
}
