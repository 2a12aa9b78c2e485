// The distributor beside Erlang C and A. 10,000 calls of a busy centre are few (their mean wait is off by half as often as not), so
// what is compared is the mean of twenty such samples with the formulas, and, caller by caller, the distributor with the model.
import { runChild } from '../../../install/lib/children.mjs';

export async function erlang(report) {
  const { c, a } = await runChild('centre-erlang-child');
  for (const [name, { formula, distributor, samples, sameCallers, model }] of Object.entries({
    erlangC: c,
    erlangA: a,
  })) {
    report.note(
      `${name}: formula ${percent(formula.serviceLevel)}, ${formula.asaS.toFixed(2)} s; ` +
        `10,000 calls ${percent(distributor.serviceLevel)}, ${distributor.asaS.toFixed(2)} s; ` +
        `the model with millions ${percent(model.serviceLevel)}, ${model.asaS.toFixed(2)} s`,
    );
    // By control variates: what the sample of 10,000 has by chance is taken off, as the model has it of the same callers.
    const serviceLevel = distributor.serviceLevel - sameCallers.serviceLevel + model.serviceLevel;
    const asaS = distributor.asaS - sameCallers.asaS + model.asaS;
    report.add(`${name}Faults`, distributor.faults, 'offers', 0, 'exactly');
    report.add(`${name}ServiceLevelApart`, 100 * Math.abs(serviceLevel - formula.serviceLevel), 'points', 3, 'most');
    report.add(`${name}AsaApart`, 100 * Math.abs(asaS / formula.asaS - 1), '%', 3, 'most');
    report.add(
      `${name}SamplesServiceLevelApart`,
      100 * Math.abs(samples.serviceLevel - formula.serviceLevel),
      ...['points', 3, 'most'],
    );
    report.add(`${name}SamplesAsa`, samples.asaS, 's');
    report.add(`${name}SampleServiceLevel`, 100 * distributor.serviceLevel, '%');
    report.add(`${name}SampleAsa`, distributor.asaS, 's');
  }
}

function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}
