// Reads {name: WebVTT} from standard input and prints for each what the parser of the W3C makes of it.
// Use: node read_webvtt.js FOLDER_OF_THE_PARSER chapters|metadata|subtitles
const { WebVTTParser } = require(process.argv[2]);
const entities = require(`${process.argv[2]}/html-entities.json`);
const kind = process.argv[3];

const files = JSON.parse(require("fs").readFileSync(0, "utf8"));
const found = {};
for (const [name, text] of Object.entries(files)) {
  const { cues, errors } = new WebVTTParser(entities).parse(text, kind);
  found[name] = {
    errors: errors.map((each) => `${each.line}:${each.col ?? ""} ${each.message}`),
    cues: cues.map((cue) => [cue.id, Math.round(cue.startTime * 1000), Math.round(cue.endTime * 1000), cue.text]),
  };
}
process.stdout.write(JSON.stringify(found));
