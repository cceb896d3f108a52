namespace Nitro.Signing.Calls;

/// <summary>Why a signed call does not count.</summary>
/// <param name="Tag">For programs.</param>
/// <param name="Message">For people.</param>
/// <param name="Next">What to do about it.</param>
public sealed record CallRefusal(string Tag, string Message, string Next);
