namespace Nitro.Ports;

/// <summary>Whether a signer is there, and what waits for it.</summary>
/// <param name="Attached">Signers that would answer now.</param>
/// <param name="Pending">Requests that none has answered yet.</param>
/// <param name="TimeCritical">Of these, those on which a deadline on chain may depend.</param>
/// <param name="OldestAgeMilliseconds">How long the oldest has waited; 0 when nothing waits.</param>
/// <param name="WrongAnswers">Answers that were no answer to what was asked, such as a signature by another key.</param>
public readonly record struct SignerHealth(int Attached, int Pending, int TimeCritical, long OldestAgeMilliseconds, long WrongAnswers);
