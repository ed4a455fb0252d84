namespace KnapsackCloud.Core.Contracts;

/// <summary>Proof that a work item will not arrive, and why: its rollouts count as errored and the step goes on.</summary>
public sealed record TerminalMarker(int Format, int Step, string Item, string Reason);
