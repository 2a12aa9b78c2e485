// Files of telephones, read by a program that is not ours: Python's XML parser and its parser of INI files.
import { spawnSync } from 'node:child_process';

const READER = `
import sys, json, configparser, xml.etree.ElementTree as tree
text = sys.stdin.read()
found = {}
if sys.argv[1] == 'lines':
    parser = configparser.RawConfigParser(delimiters=('=',), comment_prefixes=('#',), inline_comment_prefixes=None, interpolation=None, strict=False)
    parser.optionxform = str
    parser.read_string('[all]\\n' + text)
    found = dict(parser.items('all'))
else:
    def walk(node, path):
        place = path + '/' + node.tag + (('[' + node.attrib['index'] + ']') if 'index' in node.attrib else '')
        if len(node) == 0:
            found.setdefault(place, []).append(node.text or '')
        for child in node:
            walk(child, place)
    walk(tree.fromstring(text.encode('utf8')), '')
print(json.dumps(found))
`;

function read<T>(form: 'lines' | 'xml', text: string): T {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', READER, form], { input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(`not to be read: ${stderr}\n${text}`);
  return JSON.parse(stdout) as T;
}

/** Values by name. */
export const readLines = (text: string): Record<string, string> => read('lines', text);

/** Texts by path: /root/part[index]/name. */
export const readXml = (text: string): Record<string, string[]> => read('xml', text);
