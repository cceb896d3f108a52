namespace Nitro.Signer.Keys;

/// <summary>What one of a signer's keys is for.</summary>
internal enum KeyRole
{
    /// <summary>Signs states and vouchers, and is the node's identity on the network: m/44'/60'/1'/0/0 of a mnemonic.</summary>
    Channel,

    /// <summary>Signs transactions: m/44'/60'/0'/0/0, the first account that any wallet shows.</summary>
    Chain,
}
