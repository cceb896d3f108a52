namespace Nitro.Signing.Calls;

/// <summary>A device that may sign calls.</summary>
/// <param name="Name">For people.</param>
/// <param name="PublicKey">130 hexadecimal digits.</param>
public sealed record Device(string Name, string PublicKey);
