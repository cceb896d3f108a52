namespace Nitro.Signing;

/// <summary>Counts since the signer was opened. <c>Commits</c>: transactions (one fsync each) that stored marks.</summary>
public readonly record struct SignerStatistics(long Signed, long Refused, long Batches, long Commits);
